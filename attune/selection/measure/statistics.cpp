#include "attune/selection/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "attune/metrics/ranking.h"

namespace attune::selection {
namespace {

double log_choose(int64_t n, int64_t k) {
  const auto a = static_cast<double>(n), b = static_cast<double>(k);
  return std::lgamma(a + 1) - std::lgamma(b + 1) - std::lgamma(a - b + 1);
}

}  // namespace

Figure share_figure(std::string name, std::string title, int64_t part, int64_t whole) {
  Figure figure{.name = std::move(name), .title = std::move(title), .unit = FigureUnit::share, .n = whole};
  if (whole <= 0) return figure;
  figure.value = static_cast<double>(part) / static_cast<double>(whole);
  figure.interval = metrics::wilson(static_cast<double>(part), static_cast<double>(whole));
  return figure;
}

double entropy_bits(std::span<const double> counts) {
  const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
  double bits = 0;
  for (const double count : counts)
    if (count > 0) bits -= count / sum * std::log2(count / sum);
  return bits;
}

double fisher_more_often(int64_t both, int64_t first, int64_t second, int64_t all) {
  const int64_t least = std::max<int64_t>(0, first + second - all), most = std::min(first, second);
  if (both <= least) return 1;
  if (both > most) return 0;
  double term = std::exp(log_choose(first, both) + log_choose(all - first, second - both) - log_choose(all, second));
  double sum = 0;
  for (int64_t x = both; x <= most; ++x) {
    sum += term;
    // C(first, x + 1) C(all - first, second - x - 1) from C(first, x) C(all - first, second - x).
    term *= static_cast<double>(first - x) / static_cast<double>(x + 1) * static_cast<double>(second - x) /
            static_cast<double>(all - first - second + x + 1);
    if (term < sum * 1e-17) break;
  }
  return std::min(sum, 1.0);
}

int64_t holm_rejections(std::span<double> p, int64_t tests, double level) {
  std::sort(p.begin(), p.end());
  int64_t rejected = 0;
  while (rejected < std::ssize(p) && p[static_cast<size_t>(rejected)] * static_cast<double>(tests - rejected) <= level)
    ++rejected;
  return rejected;
}

double chi_square_above(double x, double freedom) {
  if (!(x > 0)) return 1;
  const double a = freedom / 2, z = x / 2, scale = std::exp(a * std::log(z) - z - std::lgamma(a));
  constexpr int kMostTerms = 10000;
  if (z < a + 1) {  // P by its series
    double term = 1 / a, sum = term;
    for (int n = 1; n < kMostTerms && term > sum * 1e-16; ++n) sum += term *= z / (a + n);
    return std::max(0.0, 1 - scale * sum);
  }
  // Q by its continued fraction, evaluated from the front (Lentz).
  double b = z + 1 - a, c = 1e300, d = 1 / b, fraction = d;
  for (int n = 1; n < kMostTerms; ++n) {
    const double step = -n * (n - a);
    b += 2;
    d = 1 / (step * d + b);
    c = b + step / c;
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return std::min(1.0, scale * fraction);
}

double area_under_roc(std::span<const float> scores, std::span<const uint8_t> positive) {
  return metrics::Ranking(scores, positive).evaluate(std::vector<uint32_t>(scores.size(), 1)).auroc;
}

metrics::Interval hanley_mcneil(double area, int64_t positives, int64_t negatives) {
  if (std::isnan(area) || positives < 1 || negatives < 1) return {};
  const auto n1 = static_cast<double>(positives), n2 = static_cast<double>(negatives);
  const double squared = area * area;
  const double variance =
      (area * (1 - area) + (n1 - 1) * (area / (2 - area) - squared) + (n2 - 1) * (2 * squared / (1 + area) - squared)) /
      (n1 * n2);
  const double half = 1.959963984540054 * std::sqrt(std::max(0.0, variance));
  return {std::max(0.0, area - half), std::min(1.0, area + half)};
}

void add_suspicious(Profile& profile, std::vector<SuspiciousRow> rows) {
  profile.suspicious.insert(profile.suspicious.end(), std::make_move_iterator(rows.begin()),
                            std::make_move_iterator(rows.end()));
  std::stable_sort(profile.suspicious.begin(), profile.suspicious.end(),
                   [](const SuspiciousRow& a, const SuspiciousRow& b) { return a.suspicion > b.suspicion; });
}

}  // namespace attune::selection
