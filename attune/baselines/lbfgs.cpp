#include "attune/baselines/lbfgs.h"

#include <cmath>
#include <deque>

namespace attune::baselines {
namespace {

using Vector = std::vector<float>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// y += factor x
void add(Vector& y, double factor, const Vector& x) {
  const auto f = static_cast<float>(factor);
  for (size_t i = 0; i < y.size(); ++i) y[i] += f * x[i];
}

// A step taken (s) and how the gradient changed over it (y).
struct Pair {
  Vector s, y;
  double rho;  // 1 / (s . y)
};

// -H g, with H the inverse Hessian as the pairs show it.
Vector direction(const Vector& gradient, const std::deque<Pair>& pairs) {
  Vector q = gradient;
  std::vector<double> alpha(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    alpha[i] = pairs[i].rho * dot(pairs[i].s, q);
    add(q, -alpha[i], pairs[i].y);
  }
  double scale = 1;
  if (!pairs.empty()) scale = 1 / (pairs.back().rho * dot(pairs.back().y, pairs.back().y));
  for (float& v : q) v = static_cast<float>(-scale * static_cast<double>(v));
  for (size_t i = 0; i < pairs.size(); ++i) {
    // q is negated, so the signs of the second loop are too.
    const double beta = -pairs[i].rho * dot(pairs[i].y, q);
    add(q, -(alpha[i] - beta), pairs[i].s);
  }
  return q;
}

}  // namespace

LbfgsResult minimise(const Objective& f, Vector& x, const LbfgsOptions& options) {
  constexpr double kSufficient = 1e-4;  // Armijo's share of the promised decrease
  constexpr int kMostHalvings = 30;
  Vector gradient(x.size()), next(x.size()), next_gradient(x.size());
  LbfgsResult result{.value = f(x, gradient)};
  std::deque<Pair> pairs;
  const double start = std::sqrt(dot(gradient, gradient));
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    const double norm = std::sqrt(dot(gradient, gradient));
    if (norm <= options.tolerance * start || norm == 0) {
      result.converged = true;
      return result;
    }
    Vector step = direction(gradient, pairs);
    double slope = dot(step, gradient);
    if (!(slope < 0)) {  // rounding spoilt the pairs: begin anew from the gradient
      pairs.clear();
      step = direction(gradient, pairs);
      slope = dot(step, gradient);
    }
    double length = pairs.empty() ? std::min(1.0, 1 / norm) : 1;
    double value = 0;
    int halvings = 0;
    for (;; length /= 2, ++halvings) {
      if (halvings == kMostHalvings) return result;
      next = x;
      add(next, length, step);
      value = f(next, next_gradient);
      if (value <= result.value + kSufficient * length * slope) break;
    }
    Pair pair{.s = next, .y = next_gradient, .rho = 0};
    add(pair.s, -1, x);
    add(pair.y, -1, gradient);
    const double curvature = dot(pair.s, pair.y);
    if (curvature > 1e-10 * dot(pair.s, pair.s)) {
      pair.rho = 1 / curvature;
      pairs.push_back(std::move(pair));
      if (static_cast<int>(pairs.size()) > options.history) pairs.pop_front();
    }
    x.swap(next);
    gradient.swap(next_gradient);
    result.value = value;
  }
  return result;
}

}  // namespace attune::baselines
