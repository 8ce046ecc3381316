#include "attune/peft/rank_patterns.h"

#include <algorithm>
#include <numeric>
#include <regex>

#include "attune/base/error.h"

namespace attune::peft {

using nlohmann::json;

namespace {

const json* object_in(const json& config, const char* key, const std::string& where) {
  if (!config.contains(key) || config[key].is_null() || config[key].empty()) return nullptr;
  if (!config[key].is_object())
    fail(ErrorKind::model, "{}: {} is {}; expected an object", where, key, config[key].dump());
  return &config[key];
}

// Whether PEFT means the module by it; it knows the module by a name that begins with "bert." or not.
bool means(const std::string& key, const std::string& module) {
  const std::regex expression("(.*\\.)?(" + key + ")");
  return std::regex_match(module, expression) || std::regex_match("bert." + module, expression);
}

}  // namespace

std::vector<int64_t> StoredMatrix::first(int64_t count) {
  std::vector<int64_t> places(static_cast<size_t>(count));
  std::iota(places.begin(), places.end(), int64_t{0});
  return places;
}

void StoredMatrix::spread_rows(const std::vector<int64_t>& places, int64_t rows) {
  const auto cols = static_cast<size_t>(shape.at(1));
  std::vector<float> spread(static_cast<size_t>(rows) * cols, 0.0f);
  for (size_t i = 0; i < places.size(); ++i)
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * cols), cols,
                spread.begin() + places[i] * static_cast<std::ptrdiff_t>(cols));
  values = std::move(spread), shape[0] = rows;
}

void StoredMatrix::spread_columns(const std::vector<int64_t>& places, int64_t columns) {
  const auto rows = static_cast<size_t>(shape.at(0)), before = places.size(), after = static_cast<size_t>(columns);
  std::vector<float> spread(rows * after, 0.0f);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < before; ++j) spread[i * after + static_cast<size_t>(places[j])] = values[i * before + j];
  values = std::move(spread), shape[1] = columns;
}

std::string plain_peft_name(std::string name) {
  for (const std::string_view prefix : {"base_model.", "model.", "bert."})
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  return name;
}

LoraName lora_name(const std::string& tensor) {
  const size_t at = tensor.find(".lora_");
  if (at == std::string::npos) return {};
  return {tensor.substr(0, at), tensor.substr(at + 1)};
}

NumberPattern::NumberPattern(const json& config, const char* key, const std::string& where, Kind kind) {
  const json* object = object_in(config, key, where);
  if (!object) return;
  for (const auto& [name, number] : object->items()) {
    const bool fits =
        kind == ranks ? number.is_number_integer() && number.get<int64_t>() >= 1 && number.get<int64_t>() <= kMostRank
                      : number.is_number() && number.get<double>() >= 0;
    if (!fits)
      fail(ErrorKind::model, "{}: {} of '{}' is {}; expected {}", where, key, name, number.dump(),
           kind == ranks ? fmt::format("a whole number from 1 to {}", kMostRank) : "a number from 0 on");
    try {
      means(name, "");
    } catch (const std::regex_error& error) {
      fail(ErrorKind::model, "{}: {}: '{}' is no regular expression ({})", where, key, name, error.what());
    }
    numbers_.emplace_back(name, number.get<double>());
  }
}

double NumberPattern::of(const std::string& module, double otherwise) const {
  for (const auto& [key, number] : numbers_)
    if (means(key, module)) return number;
  return otherwise;
}

double NumberPattern::most(double otherwise) const {
  for (const auto& [key, number] : numbers_) otherwise = std::max(otherwise, number);
  return otherwise;
}

std::vector<bool> ranks_left(const json& config, const std::string& module, const std::string& where) {
  const json* object = object_in(config, "rank_pattern", where);
  if (!object) return {};
  for (const auto& [name, left] : object->items()) {
    if (lora_name(plain_peft_name(name)).module != module) continue;
    if (!left.is_array() || !std::all_of(left.begin(), left.end(), [](const json& each) { return each.is_boolean(); }))
      fail(ErrorKind::model, "{}: rank_pattern of '{}' is {}; expected a list of true and false", where, name,
           left.dump());
    return left.get<std::vector<bool>>();
  }
  return {};
}

}  // namespace attune::peft
