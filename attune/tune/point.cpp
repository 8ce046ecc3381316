#include "attune/tune/point.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attune/base/rng.h"

namespace attune::tune {
namespace {

// Whether `number` is whole and a double holds all whole numbers of its size.
bool is_whole(double number) {
  return std::trunc(number) == number && std::abs(number) < 0x1p53;
}

}  // namespace

double rounded(double number, int digits) {
  const std::string text = fmt::format("{:.{}e}", number, digits - 1);
  double value = number;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string number_text(double number) {
  return is_whole(number) ? fmt::format("{}", static_cast<int64_t>(number)) : fmt::format("{}", number);
}

nlohmann::json to_json(const Point& point) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : point.values) {
    if (const auto* label = std::get_if<std::string>(&value)) {
      object[name] = *label;
    } else if (const double number = std::get<double>(value); is_whole(number)) {
      object[name] = static_cast<int64_t>(number);
    } else {
      object[name] = number;
    }
  }
  return object;
}

std::string canonical_text(const Point& point) {
  return to_json(point).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

uint64_t hash(std::string_view text) {
  uint64_t key = mix64(text.size());
  for (const char byte : text) key = mix_key(key, static_cast<unsigned char>(byte));
  return key;
}

uint64_t hash(const Point& point) {
  return hash(canonical_text(point));
}

}  // namespace attune::tune
