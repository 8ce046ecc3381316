#include "attune/metrics/costs.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

constexpr std::string_view kOpens = "cost(";
constexpr const char* kAsIn = "rows by the right class, columns by the answer, as in cost([[0, 10], [1, 0]])";

}  // namespace

bool Costs::by_class() const {
  for (int gold = 0; gold < classes; ++gold)
    for (int answer = 0; answer < classes; ++answer)
      if (at(gold, answer) != (gold == answer ? 0 : at(gold, gold == 0 ? 1 : 0))) return false;
  return true;
}

bool is_cost(std::string_view metric) {
  return metric.starts_with(kOpens);
}

Costs costs_of(std::string_view metric) {
  if (!is_cost(metric) || !metric.ends_with(')'))
    fail(ErrorKind::usage, "'{}': expected the price of every answer: {}", metric, kAsIn);
  const auto inside = metric.substr(kOpens.size(), metric.size() - kOpens.size() - 1);
  const auto json = nlohmann::json::parse(inside, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array() || json.size() < 2)
    fail(ErrorKind::usage, "'{}': expected a list of at least two lists of prices: {}", metric, kAsIn);
  Costs costs{.classes = static_cast<int>(json.size())};
  for (const auto& row : json) {
    if (!row.is_array() || row.size() != json.size())
      fail(ErrorKind::usage, "'{}': row {} has {} prices for {} classes; {}", metric,
           costs.prices.size() / json.size() + 1, row.is_array() ? row.size() : 0, json.size(), kAsIn);
    for (const auto& price : row) {
      if (!price.is_number() || !std::isfinite(price.get<double>()))
        fail(ErrorKind::usage, "'{}': the price {} is no number; {}", metric, price.dump(), kAsIn);
      costs.prices.push_back(price.get<double>());
    }
  }
  if (std::all_of(costs.prices.begin(), costs.prices.end(), [](double price) { return price == 0; }))
    fail(ErrorKind::usage, "'{}': no mistake costs anything; {}", metric, kAsIn);
  return costs;
}

}  // namespace attune::metrics
