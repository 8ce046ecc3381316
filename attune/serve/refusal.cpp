#include "attune/serve/refusal.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/json.h"

namespace attune::serve {
namespace {

struct Kind {
  Fault fault;
  int status;
  const char* tei;
  const char* openai;
};

constexpr Kind kKinds[] = {
    {Fault::syntax, 400, "Validation", "invalid_request_error"},
    {Fault::empty, 400, "Empty", "invalid_request_error"},
    {Fault::unauthorized, 401, "Unauthorized", "authentication_error"},
    {Fault::not_found, 404, "NotFound", "not_found_error"},
    {Fault::method, 405, "Validation", "invalid_request_error"},
    {Fault::validation, 413, "Validation", "invalid_request_error"},
    {Fault::media, 415, "Validation", "invalid_request_error"},
    {Fault::schema, 422, "Tokenizer", "invalid_request_error"},
    {Fault::backend, 424, "Backend", "invalid_request_error"},
    {Fault::overloaded, 429, "Overloaded", "rate_limit_error"},
    {Fault::internal, 500, "Backend", "server_error"},
    {Fault::unhealthy, 503, "Unhealthy", "server_error"},
    {Fault::too_late, 504, "Overloaded", "server_error"},
};

const Kind& kind_of(Fault fault) {
  for (const Kind& kind : kKinds)
    if (kind.fault == fault) return kind;
  fail(ErrorKind::internal, "a fault without a status");
}

}  // namespace

int status_of(Fault fault) {
  return kind_of(fault).status;
}

Fault fault_of(int status) {
  for (const Kind& kind : kKinds)
    if (kind.status == status) return kind.fault;
  return status < 500 ? Fault::syntax : Fault::internal;
}

Dialect dialect_of(const std::string& path) {
  return path.starts_with("/v1/") ? Dialect::openai : Dialect::tei;
}

http::Response response(const Refusal& refusal, Dialect dialect) {
  const Kind& kind = kind_of(refusal.fault);
  nlohmann::ordered_json body;
  if (dialect == Dialect::tei)
    body = {{"error", refusal.message}, {"error_type", kind.tei}};
  else
    body["error"] = {{"message", refusal.message}, {"type", kind.openai}, {"param", nullptr}, {"code", nullptr}};
  http::Response answer{.status = kind.status, .body = json_text(body)};
  if (refusal.retry_after > 0) answer.headers.emplace_back("Retry-After", std::to_string(refusal.retry_after));
  if (refusal.fault == Fault::unauthorized) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

}  // namespace attune::serve
