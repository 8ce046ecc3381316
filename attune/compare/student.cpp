#include "attune/compare/student.h"

#include <cmath>

#include "attune/base/error.h"

namespace attune::compare {
namespace {

// The continued fraction of the regularised incomplete beta function (DLMF 8.17.22), by Lentz's method as modified by
// Thompson & Barnett 1986.
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300, kEnough = 1e-16;
  constexpr int kMost = 10000;
  const auto kept_away = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / kept_away(1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m <= kMost; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept_away(1 + even * d), c = kept_away(1 + even / c), h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept_away(1 + odd * d), c = kept_away(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < kEnough) break;
  }
  return h;
}

// I_x(a, b), x in [0, 1].
double incomplete_beta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

}  // namespace

double student_cdf(double t, double df) {
  ATTUNE_CHECK(df > 0, "{} degrees of freedom", df);
  if (std::isinf(t)) return t > 0 ? 1 : 0;
  if (df > 1e10) return 0.5 * std::erfc(-t / std::sqrt(2.0));
  const double tail = 0.5 * incomplete_beta(df / (df + t * t), df / 2, 0.5);
  return t > 0 ? 1 - tail : tail;
}

double student_quantile(double p, double df) {
  ATTUNE_CHECK(p > 0 && p < 1, "a quantile of {}", p);
  if (p == 0.5) return 0;
  if (p < 0.5) return -student_quantile(1 - p, df);
  double low = 0, high = 1;
  while (student_cdf(high, df) < p && high < 1e300) high *= 2;
  for (int turn = 0; turn < 200 && high - low > 1e-14 * high; ++turn) {
    const double middle = 0.5 * (low + high);
    (student_cdf(middle, df) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace attune::compare
