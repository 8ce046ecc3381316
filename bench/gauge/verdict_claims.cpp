// How often the rule of `attune compare` claims a winner where there is none, and how often its interval holds the
// truth: simulated comparisons without any difference, folds of 1,000 rows whose choice alone gives a difference a
// variance of 0.85 points^2, and runs that differ by tau points (standard deviation of one run).
//
//   verdict_claims [comparisons]      20,000
//
// With the share c of the rows' variance that is taken off what runs differ by: 1/2, the rule of `attune compare`, and
// 1/4, that of `attune select-loss` for fewer than five blocks.
#include <cmath>
#include <cstdlib>
#include <fmt/core.h>
#include <utility>
#include <vector>

#include "attune/base/rng.h"
#include "attune/compare/verdict.h"

int main(int argc, char** argv) {
  using namespace attune;
  using namespace attune::compare;
  const int comparisons = argc > 1 ? std::atoi(argv[1]) : 20000;
  constexpr double kRowVariance = 0.85, kRows = 1000;
  for (const auto& [runs, share] : {std::pair(3, 0.5), std::pair(3, 0.25), std::pair(5, 0.5)})
    for (const double tau : {0.0, 0.5, 1.0, 2.0}) {
      int first = 0, second = 0, holds = 0;
      for (int turn = 0; turn < comparisons; ++turn) {
        Differences seen{.by_block = {},
                         .block_variance = kRowVariance,
                         .mean_variance = kRowVariance / runs,
                         .units = kRows * runs};
        for (int s = 0; s < runs; ++s) {
          const auto drawn = [&](int which) {
            return random_normal(mix64(static_cast<uint64_t>(turn) + 77), static_cast<uint32_t>(10 * s + which));
          };
          seen.by_block.push_back(tau * (drawn(0) - drawn(1)) + std::sqrt(kRowVariance) * drawn(2));
        }
        const Verdict verdict = judge(seen, {.worth = 0.5, .rows_share = share});
        const bool claims = verdict.state == State::better || verdict.state == State::better_by_worth;
        first += claims && verdict.difference > 0, second += claims && verdict.difference < 0;
        holds += verdict.low <= 0 && verdict.high >= 0;
      }
      const auto of_all = [&](int count) { return 100.0 * count / comparisons; };
      fmt::print(
          "{} runs, c {:g}, tau {:.1f}: says the first {:.1f}%, the second {:.1f}%; the interval holds 0 in {:.1f}%\n",
          runs, share, tau, of_all(first), of_all(second), of_all(holds));
    }
}
