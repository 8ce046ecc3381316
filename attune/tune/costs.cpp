#include "attune/tune/costs.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "attune/base/error.h"

namespace attune::tune {
namespace {

constexpr double kMargins = 2.5;  // spreads: some 99 of 100 runs take less

// The weighted least squares line through what was measured, held to fixed >= 0 and per_share >= 0.
class Line {
 public:
  void add(double share, double seconds, double weight) {
    w_ += weight, ws_ += weight * share, wss_ += weight * share * share;
    wt_ += weight * seconds, wst_ += weight * share * seconds;
  }
  Costs costs() const {
    const double determinant = w_ * wss_ - ws_ * ws_;
    Costs costs{.fixed = (wss_ * wt_ - ws_ * wst_) / determinant, .per_share = (w_ * wst_ - ws_ * wt_) / determinant};
    if (costs.fixed < 0) costs = {.fixed = 0, .per_share = wst_ / wss_};
    if (costs.per_share < 0) costs = {.fixed = wt_ / w_, .per_share = 0};
    return costs;
  }

 private:
  double w_ = 0, ws_ = 0, wss_ = 0, wt_ = 0, wst_ = 0;
};

}  // namespace

Costs fit_costs(const Costs& expected, std::span<const MeasuredRun> measured) {
  ATTUNE_CHECK(expected.seconds(1) > 0 && expected.fixed >= 0 && expected.per_share >= 0,
               "{} + {} seconds are expected", expected.fixed, expected.per_share);
  std::vector<MeasuredRun> runs(measured.begin(), measured.end());
  std::sort(runs.begin(), runs.end(), [](const MeasuredRun& a, const MeasuredRun& b) {
    return std::tie(a.share, a.seconds) < std::tie(b.share, b.seconds);
  });
  Line line;
  const auto add = [&](double share, double seconds, double weight) {
    const double scale = std::max(expected.seconds(share), 1e-3 * expected.seconds(1));
    line.add(share, seconds, weight / (scale * scale));
  };
  for (const double share : {1.0, 0.1}) add(share, expected.seconds(share), 0.25);
  for (const MeasuredRun& run : runs) add(run.share, run.seconds, 1);
  Costs costs = line.costs();
  double squares = 2 * expected.spread * expected.spread;
  for (const MeasuredRun& run : runs) squares += std::pow(run.seconds / costs.seconds(run.share) - 1, 2);
  const auto n = static_cast<double>(runs.size());
  costs.spread = std::sqrt(squares / (2 + n));
  costs.margin = kMargins * costs.spread * std::sqrt(1 + (n > 0 ? 1 / n : 0));
  return costs;
}

}  // namespace attune::tune
