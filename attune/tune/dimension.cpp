#include "attune/tune/dimension.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/base/suggest.h"

namespace attune::tune {
namespace {

constexpr double kSteps = 200;  // of a real range, at least

// A range on the scale where its prior is uniform.
struct Axis {
  explicit Axis(const Range& of)
      : range(of), low(on_axis(of.low - half())), width(on_axis(of.high + half()) - on_axis(of.low - half())) {}

  double half() const { return range.whole ? 0.5 : 0; }
  double on_axis(double x) const { return range.scale == Scale::logarithmic ? std::log(x) : x; }
  double unit(double x) const { return std::clamp((on_axis(x) - low) / width, 0.0, 1.0); }
  double number(double u) const {
    const double at = low + u * width, x = range.scale == Scale::logarithmic ? std::exp(at) : at;
    return std::clamp(range.whole ? std::floor(x + 0.5) : short_number(x), range.low, range.high);
  }
  // On a lattice of round numbers that has at least kSteps steps: so many digits by logarithms, else so many decimals.
  double short_number(double x) const {
    if (range.scale == Scale::logarithmic) {
      const int digits = 1 - static_cast<int>(std::floor(std::log10(width / kSteps)));
      return rounded(x, std::clamp(digits, 1, kMostDigits));
    }
    const double step = std::pow(10, std::floor(std::log10(width / kSteps)));
    return rounded(std::round(x / step) * step, kMostDigits);
  }
  Cell cell(double x) const { return {unit(x - 0.5), unit(x + 0.5)}; }

  const Range& range;
  double low, width;
};

size_t alternative_at(const Choice& choice, double unit) {
  const size_t count = choice.alternatives.size();
  return std::min(count - 1, static_cast<size_t>(unit * static_cast<double>(count)));
}

Cell cell_of(const Choice& choice, size_t alternative) {
  const auto count = static_cast<double>(choice.alternatives.size()), at = static_cast<double>(alternative);
  return {at / count, (at + 1) / count};
}

Value value_of(const Alternative& alternative) {
  if (alternative.number) return *alternative.number;
  return alternative.label;
}

}  // namespace

Value value_at(const Dimension& dimension, double unit) {
  unit = std::clamp(unit, 0.0, 1.0);
  if (const Choice* choice = dimension.choice()) return value_of(choice->alternatives[alternative_at(*choice, unit)]);
  return Axis(std::get<Range>(dimension.domain)).number(unit);
}

std::optional<double> unit_of(const Dimension& dimension, const Value& value) {
  if (const Choice* choice = dimension.choice()) {
    const auto at = alternative_of(*choice, value);
    if (!at) return std::nullopt;
    const Cell cell = cell_of(*choice, *at);
    return (cell.low + cell.high) / 2;
  }
  const auto* number = std::get_if<double>(&value);
  if (!number || std::isnan(*number)) return std::nullopt;
  const auto& range = std::get<Range>(dimension.domain);
  const Axis axis(range);
  const double held = std::clamp(*number, range.low, range.high);
  if (!range.whole) return axis.unit(held);
  const Cell cell = axis.cell(std::round(held));
  return (cell.low + cell.high) / 2;
}

std::optional<Cell> cell_at(const Dimension& dimension, double unit) {
  unit = std::clamp(unit, 0.0, 1.0);
  if (const Choice* choice = dimension.choice()) return cell_of(*choice, alternative_at(*choice, unit));
  const auto& range = std::get<Range>(dimension.domain);
  if (!range.whole) return std::nullopt;
  const Axis axis(range);
  return axis.cell(axis.number(unit));
}

size_t cells(const Dimension& dimension) {
  if (const Choice* choice = dimension.choice()) return choice->alternatives.size();
  const auto& range = std::get<Range>(dimension.domain);
  return range.whole ? static_cast<size_t>(range.high - range.low) + 1 : 0;
}

std::optional<size_t> alternative_of(const Choice& choice, const Value& value) {
  for (size_t at = 0; at < choice.alternatives.size(); ++at)
    if (value_of(choice.alternatives[at]) == value) return at;
  return std::nullopt;
}

std::optional<std::string> outside(const Dimension& dimension, const Value& value) {
  const auto* number = std::get_if<double>(&value);
  if (const Choice* choice = dimension.choice()) {
    if (alternative_of(*choice, value)) return std::nullopt;
    std::vector<std::string> labels;
    for (const Alternative& alternative : choice->alternatives) labels.push_back(alternative.label);
    const std::string told = number ? number_text(*number) : "'" + std::get<std::string>(value) + "'";
    return fmt::format("{} is none of {}{}", told, domain_text(dimension),
                       number ? "" : did_you_mean(std::get<std::string>(value), labels));
  }
  const auto& range = std::get<Range>(dimension.domain);
  if (!number) return fmt::format("'{}' is no number of {}", std::get<std::string>(value), domain_text(dimension));
  if (!(*number >= range.low && *number <= range.high))
    return fmt::format("{} lies outside {}", number_text(*number), domain_text(dimension));
  if (range.whole && std::trunc(*number) != *number)
    return fmt::format("{} is no whole number of {}", number_text(*number), domain_text(dimension));
  return std::nullopt;
}

std::string domain_text(const Dimension& dimension) {
  if (const Choice* choice = dimension.choice()) {
    std::string text;
    for (const Alternative& alternative : choice->alternatives) text += (text.empty() ? "" : "|") + alternative.label;
    return text;
  }
  const auto& range = std::get<Range>(dimension.domain);
  return fmt::format("{}..{}{}", number_text(range.low), number_text(range.high),
                     range.scale == Scale::logarithmic ? ":log" : "");
}

}  // namespace attune::tune
