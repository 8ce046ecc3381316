// Limited-memory BFGS (Liu & Nocedal 1989; two-loop recursion, Nocedal & Wright 2006, algorithm 7.4) with a
// backtracking line search: for smooth convex functions of many variables. Deterministic.
#pragma once
#include <functional>
#include <span>
#include <vector>

namespace attune::baselines {

struct LbfgsOptions {
  int history = 7;  // pairs kept
  int max_iterations = 100;
  double tolerance = 1e-4;  // stops where |gradient| <= tolerance * |gradient at the start|
};

struct LbfgsResult {
  double value = 0;
  int iterations = 0;
  bool converged = false;  // false: max_iterations, or no step made it smaller
};

// f(x, gradient): returns the value and fills the gradient, which has x's size.
using Objective = std::function<double(std::span<const float> x, std::span<float> gradient)>;

// Minimises f from `x`, in place.
LbfgsResult minimise(const Objective& f, std::vector<float>& x, const LbfgsOptions& options);

}  // namespace attune::baselines
