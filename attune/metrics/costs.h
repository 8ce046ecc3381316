// What each mistake costs, written as a metric: "cost([[0, 10], [1, 0]])", rows by the right class, columns by the
// answer, both in the order of the labels. The metric is the mean price of the answers; less is better.
#pragma once
#include <string_view>
#include <vector>

namespace attune::metrics {

struct Costs {
  int classes = 0;
  std::vector<double> prices = {};  // [K, K]

  double at(int gold, int answer) const { return prices[static_cast<size_t>(gold * classes + answer)]; }
  // Right answers cost nothing, and all mistakes about a class the same: the cheapest answer is then the largest of
  // price_k p_k.
  bool by_class() const;
};

bool is_cost(std::string_view metric);
// Errors (usage): no square matrix of at least two classes, or a price that is no finite number; every mistake free.
Costs costs_of(std::string_view metric);

}  // namespace attune::metrics
