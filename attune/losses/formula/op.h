// The operations of a formula's graph: what they are, their value, and their slope by each argument.
#pragma once
#include <cmath>
#include <cstdint>

#include "attune/losses/shared/stable.h"

namespace attune::losses::formula {

enum class Op : uint8_t {
  // leaves. K classes or labels; one row at a time
  number,
  z,         // [K] logits, or the score
  target,    // [K] labels' targets, or the score's
  onehot,    // [K] of the class
  counts,    // [K] training items by label, n
  prior,     // [K] smoothed shares of them
  progress,  // t
  log_p,     // [K] z - logsumexp(z)
  log_rest,  // [K] log(1 - p), exact where p is nearly 1
  // of one argument, element by element
  negative,
  log,
  exp,
  sqrt,
  abs,
  tanh,
  sigmoid,
  softplus,
  log1p,
  expm1,
  log1mexp,  // log(1 - e^x)
  stopgrad,
  // of two, element by element; one number stands for a vector of it
  add,
  subtract,
  multiply,
  divide,
  power,
  least,
  most,
  less,
  less_equal,
  equal,
  // of three
  where,
  // vector to number
  at_y,
  sum,
  mean,
  largest,
  logsumexp,
  weighted_logsumexp,  // log sum a exp(b); a takes no gradient and is at least 0
};

inline bool is_unary(Op op) {
  return op >= Op::negative && op <= Op::stopgrad;
}
inline bool is_binary(Op op) {
  return op >= Op::add && op <= Op::equal;
}
inline bool is_comparison(Op op) {
  return op >= Op::less && op <= Op::equal;
}
inline bool is_reduction(Op op) {
  return op >= Op::sum && op <= Op::weighted_logsumexp;
}

inline double value_of(Op op, double x) {
  switch (op) {
    case Op::negative:
      return -x;
    case Op::log:
      return std::log(x);
    case Op::exp:
      return std::exp(x);
    case Op::sqrt:
      return std::sqrt(x);
    case Op::abs:
      return std::abs(x);
    case Op::tanh:
      return std::tanh(x);
    case Op::sigmoid:
      return sigmoid(x);
    case Op::softplus:
      return softplus(x);
    case Op::log1p:
      return std::log1p(x);
    case Op::expm1:
      return std::expm1(x);
    case Op::log1mexp:
      return losses::log1mexp(x);
    default:
      return x;
  }
}

inline double value_of(Op op, double x, double y) {
  switch (op) {
    case Op::add:
      return x + y;
    case Op::subtract:
      return x - y;
    case Op::multiply:
      return x * y;
    case Op::divide:
      return x / y;
    case Op::power:
      return std::pow(x, y);
    case Op::least:
      return y < x ? y : x;
    case Op::most:
      return y > x ? y : x;
    case Op::less:
      return x < y ? 1 : 0;
    case Op::less_equal:
      return x <= y ? 1 : 0;
    default:
      return x == y ? 1 : 0;
  }
}

// df/dx where f(x) = value. At a kink (abs at 0): 0.
inline double slope_of(Op op, double x, double value) {
  switch (op) {
    case Op::negative:
      return -1;
    case Op::log:
      return 1 / x;
    case Op::exp:
      return value;
    case Op::sqrt:
      return 0.5 / value;
    case Op::abs:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    case Op::tanh: {
      const double e = std::exp(-2 * std::abs(x));  // 1 - tanh^2 would cancel
      return 4 * e / ((1 + e) * (1 + e));
    }
    case Op::sigmoid: {
      const double e = std::exp(-std::abs(x));
      return e / ((1 + e) * (1 + e));
    }
    case Op::softplus:
      return sigmoid(x);
    case Op::log1p:
      return 1 / (1 + x);
    case Op::expm1:
      return std::exp(x);
    case Op::log1mexp:
      return -1 / std::expm1(-x);
    default:
      return 0;
  }
}

struct Slopes {
  double x, y;
};

// df/dx and df/dy. x^y: y x^(y-1), 0 for y = 0; the slope by an exponent is 0 where the power is. Of equal arguments,
// least and most follow the first.
inline Slopes slopes_of(Op op, double x, double y, double value) {
  switch (op) {
    case Op::add:
      return {1, 1};
    case Op::subtract:
      return {1, -1};
    case Op::multiply:
      return {y, x};
    case Op::divide:
      return {1 / y, -value / y};
    case Op::power:
      return {y == 0 ? 0 : y * std::pow(x, y - 1), value == 0 ? 0 : value * std::log(x)};
    case Op::least:
      return y < x ? Slopes{0, 1} : Slopes{1, 0};
    case Op::most:
      return y > x ? Slopes{0, 1} : Slopes{1, 0};
    default:
      return {0, 0};
  }
}

}  // namespace attune::losses::formula
