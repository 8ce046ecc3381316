// Logarithms and exponentials of soft-max and sigmoid that lose nothing where a probability is near 0 or 1.
#pragma once
#include <algorithm>
#include <cmath>
#include <span>

namespace attune::losses {

// log(1 + e^x) = -log sigmoid(-x).
inline double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

inline double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

// log(1 - e^x) for x <= 0 (Maechler 2012: which form is exact depends on the side of -log 2).
inline double log1mexp(double x) {
  return x > -0.6931471805599453 ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x));
}

// log sum_c exp z_c; -infinity of nothing.
inline double log_sum_exp(std::span<const double> z) {
  if (z.empty()) return -INFINITY;
  const double most = *std::max_element(z.begin(), z.end());
  if (!std::isfinite(most)) return most;
  double sum = 0;
  for (const double x : z) sum += std::exp(x - most);
  return most + std::log(sum);
}

// A cost and its slope by z.
struct CostAt {
  double value, slope;
};

// (1 - p)^gamma (-log p), p = sigmoid(z): what a yes costs that fades as it becomes right.
inline CostAt faded(double z, double gamma) {
  const double log_rest = -softplus(z), cost = softplus(-z), power = std::exp(gamma * log_rest);
  return {power * cost, -power * (gamma * sigmoid(z) * cost + std::exp(log_rest))};
}

}  // namespace attune::losses
