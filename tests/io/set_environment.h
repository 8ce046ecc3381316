// A variable of the environment for the length of a test.
#pragma once
#include <cstdlib>
#include <optional>
#include <string>

namespace attune::test {

class SetEnvironment {
 public:
  // Without a value the variable is unset.
  SetEnvironment(std::string name, std::optional<std::string> value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    put(value);
  }
  ~SetEnvironment() { put(before_); }
  SetEnvironment(const SetEnvironment&) = delete;
  SetEnvironment& operator=(const SetEnvironment&) = delete;

 private:
  void put(const std::optional<std::string>& value) {
    if (value)
      ::setenv(name_.c_str(), value->c_str(), 1);
    else
      ::unsetenv(name_.c_str());
  }
  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace attune::test
