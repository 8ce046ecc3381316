#include "attune/base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include "attune/base/utf8.h"

namespace attune {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;
constexpr size_t kLongestQuote = 160;

int64_t line_of(std::string_view text, size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(std::min(at, text.size())), '\n');
}

// The library's own words without its prefix, and without a whole file as "last read".
std::string reason_in(const json::exception& error) {
  std::string_view words = error.what();
  if (const size_t start = words.find("syntax error"); start != words.npos) words.remove_prefix(start);
  if (const size_t end = words.find("] "); words.starts_with('[') && end != words.npos) words.remove_prefix(end + 2);
  if (words.size() <= kLongestQuote) return utf8::repaired(words);
  return utf8::repaired(words.substr(0, kLongestQuote / 2)) + " ... " +
         utf8::repaired(words.substr(words.size() - kLongestQuote / 2));
}

// Called by the parser at each event; throws where the document asks for distrust.
class Watch {
 public:
  Watch(std::string_view where, ErrorKind kind) : where_(where), kind_(kind) {}

  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    if (depth > kDeepest) fail(kind_, "{}: nested deeper than {} levels", where_, kDeepest);
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second)
        fail(kind_, "{}: the key '{}' stands twice in one object; keep one of them", where_, key);
    }
    return true;
  }

 private:
  std::string where_;
  ErrorKind kind_;
  std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

json parse_json(std::string_view text, std::string_view where, ErrorKind kind) {
  if (const auto bad = utf8::first_invalid(text))
    fail(kind, "{} line {}: byte {} is not UTF-8; save the file as UTF-8", where, line_of(text, *bad), *bad);
  Watch watch(where, kind);
  try {
    return json::parse(text, std::ref(watch));
  } catch (const json::parse_error& error) {
    fail(kind, "{} line {}: not JSON ({})", where, line_of(text, error.byte > 0 ? error.byte - 1 : 0),
         reason_in(error));
  } catch (const json::exception& error) {
    fail(kind, "{}: not JSON that can be read ({})", where, reason_in(error));
  }
}

std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string json_line(const nlohmann::ordered_json& object) {
  return json_text(object) + "\n";
}

}  // namespace attune
