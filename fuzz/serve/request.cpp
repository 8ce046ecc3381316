// A client's bytes the whole way to examples: HTTP as http/session reads it, JSON, the fields of every route.
#include <boost/beast/http.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "attune/serve/inputs.h"
#include "attune/serve/refusal.h"

namespace {

namespace wire = boost::beast::http;
namespace asio = boost::asio;
using namespace attune;

// The body of the first request in the bytes; nothing where there is none that is whole.
std::optional<std::string> body_of(const uint8_t* data, size_t size) {
  wire::request_parser<wire::string_body> parser;
  parser.header_limit(16 << 10);
  parser.body_limit(1 << 20);
  parser.eager(true);
  // As they come from a socket: the first half, then all that was not taken yet. Nothing is given twice without more.
  size_t at = 0;
  for (const size_t end : {size / 2, size})
    while (at < end && !parser.is_done()) {
      boost::beast::error_code error;
      const size_t taken = parser.put(asio::buffer(data + at, end - at), error);
      at += taken;
      if (error == wire::error::need_more || (!error && taken == 0)) break;
      if (error) return std::nullopt;
    }
  if (!parser.is_done()) return std::nullopt;
  return parser.get().body();
}

void read(const nlohmann::json& body) {
  using serve::Inputs;
  for (Inputs (*const reader)(const nlohmann::json&, const char*) :
       {serve::read_texts, serve::read_sequences, serve::read_rows})
    try {
      const Inputs inputs = reader(body, "inputs");
      for (size_t i = 0; i < inputs.rows.size(); ++i) {
        serve::example_of(inputs.rows[i], tasks::TaskKind::classify, i);
        serve::example_of(inputs.rows[i], tasks::TaskKind::tag, i);
      }
      serve::flag(body, "truncate", false);
      serve::text(body, "model");
      serve::integer(body, "dimensions");
      serve::texts(body, "texts");
      serve::check_fields(body, {"inputs", "model"});
    } catch (const serve::Refusal& refusal) {
      serve::response(refusal, serve::Dialect::tei);
      serve::response(refusal, serve::Dialect::openai);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    // JSON is looked at also where the HTTP around it is broken.
    const auto body = body_of(data, size);
    read(serve::parse_body(body ? *body : std::string(reinterpret_cast<const char*>(data), size)));
  } catch (const serve::Refusal&) {
  }
  return 0;
}
