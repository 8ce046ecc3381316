// Why a request got no answer, in the words of the interface that it came by.
#pragma once
#include <fmt/format.h>
#include <string>

#include "attune/http/message.h"

namespace attune::serve {

// Kinds as TEI names them (text-embeddings-inference, ErrorType), with the status each has there; those that it lacks
// follow below.
enum class Fault {
  syntax,        // 400: no JSON
  empty,         // 400: nothing was asked
  unauthorized,  // 401
  not_found,     // 404
  method,        // 405
  validation,    // 413: a text too long, too many texts
  media,         // 415: not application/json
  schema,        // 422: JSON of another shape
  backend,       // 424: a model of another task, or it failed
  overloaded,    // 429
  internal,      // 500
  unhealthy,     // 503
  too_late,      // 504: it waited too long
};

struct Refusal {
  Fault fault;
  std::string message;
  int retry_after = 0;  // seconds; 0: not said
};

template <class... Args>
[[noreturn]] void refuse(Fault fault, fmt::format_string<Args...> format, Args&&... args) {
  throw Refusal{fault, fmt::format(format, std::forward<Args>(args)...)};
}

int status_of(Fault fault);
Fault fault_of(int status);

enum class Dialect { tei, openai };
// /v1/... speaks OpenAI's, everything else TEI's.
Dialect dialect_of(const std::string& path);

//   tei     {"error": message, "error_type": "Validation"}
//   openai  {"error": {"message": ..., "type": "invalid_request_error", "param": null, "code": null}}
http::Response response(const Refusal& refusal, Dialect dialect);

}  // namespace attune::serve
