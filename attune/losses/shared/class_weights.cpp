#include "attune/losses/shared/class_weights.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/shared/numbers_in_text.h"

namespace attune::losses {
namespace {

constexpr const char* kExpected = "expected none, balanced, effective(BETA), or a number for each label";

std::vector<double> given(std::string_view text, const LossFacts& facts) {
  std::vector<double> weights;
  for (const std::string_view part : parts_of(text, ',')) {
    const auto weight = number_in(part);
    if (!weight || *weight < 0)
      fail(ErrorKind::usage, "weights: '{}' is no weight; {}, all at least 0", part, kExpected);
    weights.push_back(*weight);
  }
  if (std::ssize(weights) != facts.labels)
    fail(ErrorKind::usage, "weights: {} numbers for {} labels{}", weights.size(), facts.labels,
         facts.names.empty() ? "" : fmt::format(" ({}, ...)", facts.names[0]));
  return weights;
}

const std::vector<double>& counts_of(const std::string& text, const LossFacts& facts) {
  if (std::ssize(facts.counts) != facts.labels)
    fail(ErrorKind::usage,
         "weights: '{}' is made of the training items by label, which are not known here; give numbers", text);
  return facts.counts;
}

// What `weigh(n_c)` gives for the classes that occur, 0 for others.
template <class Weigh>
std::vector<double> by_count(const std::vector<double>& counts, const Weigh& weigh) {
  std::vector<double> weights;
  for (const double n : counts) weights.push_back(n > 0 ? weigh(n) : 0);
  return weights;
}

// The beta of "effective(beta)", or nothing.
std::optional<double> effective_beta(std::string_view text) {
  constexpr std::string_view kName = "effective(";
  if (!text.starts_with(kName) || !text.ends_with(')')) return std::nullopt;
  const std::string_view inside = text.substr(kName.size(), text.size() - kName.size() - 1);
  const auto beta = number_in(inside);
  if (!beta || !(*beta >= 0 && *beta < 1))
    fail(ErrorKind::usage, "weights: effective({}): expected a number of at least 0 and below 1", inside);
  return beta;
}

}  // namespace

std::vector<double> class_weights(const std::string& text, const LossFacts& facts) {
  if (text.empty() || text == "none") return {};
  std::vector<double> weights;
  if (text == "balanced" || text == "auto") {
    const auto& counts = counts_of(text, facts);
    double all = 0, present = 0;
    for (const double n : counts) all += n, present += n > 0;
    weights = by_count(counts, [&](double n) { return all / (present * n); });
  } else if (const auto beta = effective_beta(text)) {
    const auto& counts = counts_of(text, facts);
    weights = by_count(counts, [&](double n) { return (1 - *beta) / -std::expm1(n * std::log(*beta)); });
    double sum = 0, present = 0;
    for (const double w : weights) sum += w, present += w > 0;
    for (double& w : weights) w *= sum > 0 ? present / sum : 1;
  } else if (text.find(',') != std::string::npos || number_in(text)) {
    weights = given(text, facts);
  } else {
    fail(ErrorKind::usage, "weights: '{}' is unknown; {}{}", text, kExpected,
         did_you_mean(text, {"none", "balanced", "effective(0.999)"}));
  }
  if (std::none_of(weights.begin(), weights.end(), [](double w) { return w > 0; }))
    fail(ErrorKind::usage, "weights: '{}': none is above 0, so nothing would be learned", text);
  return weights;
}

}  // namespace attune::losses
