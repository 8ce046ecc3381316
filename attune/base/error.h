// One error type for the whole house. A message says what happened, what was expected, what came, and what to do;
// each caller on the way up may add where ("in train.csv line 812").
#pragma once
#include <exception>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

namespace attune {

enum class ErrorKind {
  usage,     // a command, option or argument of an API is wrong
  input,     // a data file is wrong
  model,     // a model folder is wrong
  io,        // the system refused to read or write
  numeric,   // NaN or infinity where none may be
  memory,    // more memory would be needed than allowed
  internal,  // attune's own fault: an invariant does not hold
};

const char* name(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::vector<std::string>& context() const { return context_; }

  // Adds where the error happened, innermost first: error.add("in train.csv line 812").
  Error& add(std::string where);
  // The message followed by its context.
  const char* what() const noexcept override { return whole_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
  std::vector<std::string> context_;
  std::string whole_;
};

template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// Runs `body`; an attune::Error that leaves it carries `where()` as one more line of context.
template <class Body, class Where>
decltype(auto) with_context(Where&& where, Body&& body) {
  try {
    return body();
  } catch (Error& error) {
    error.add(where());
    throw;
  }
}

}  // namespace attune

// An invariant of attune's own code; a failure names the expression and the place. Checked in every build.
#define ATTUNE_CHECK(condition, ...)                                                                                 \
  do {                                                                                                               \
    if (!(condition)) [[unlikely]]                                                                                   \
      ::attune::fail(::attune::ErrorKind::internal, "{}:{}: `{}` does not hold: {}", __FILE__, __LINE__, #condition, \
                     ::fmt::format(__VA_ARGS__));                                                                    \
  } while (false)
