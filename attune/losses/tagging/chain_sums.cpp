#include "attune/losses/tagging/chain_sums.h"

#include <cmath>
#include <limits>

#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

}  // namespace

double ChainSums::log_sum(const ChainScores& scores, const ChainPaths& paths) {
  const size_t n = scores.length(), labels = scores.labels;
  before_.assign(n * labels, kNever);
  ways_.resize(labels);
  for (size_t t = 0; t < n; ++t)
    for (size_t k = 0; k < labels; ++k) {
      if (!allows(paths, t, k)) continue;
      double reach = scores.ends[k];
      if (t > 0) {
        for (size_t j = 0; j < labels; ++j)
          ways_[j] = follows(paths, j, k) ? before_[(t - 1) * labels + j] + scores.transitions[j * labels + k] : kNever;
        reach = log_sum_exp(ways_);
      }
      before_[t * labels + k] = reach + scores.z[t * labels + k];
    }
  for (size_t k = 0; k < labels; ++k) ways_[k] = before_[(n - 1) * labels + k] + scores.ends[labels + k];
  return total_ = log_sum_exp(ways_);
}

void ChainSums::add_expected(const ChainScores& scores, const ChainPaths& paths, double share, std::span<double> d_z,
                             std::span<double> d_transitions, std::span<double> d_ends) {
  const size_t n = scores.length(), labels = scores.labels;
  after_.assign(n * labels, kNever);
  for (size_t k = 0; k < labels; ++k) after_[(n - 1) * labels + k] = scores.ends[labels + k];
  for (size_t t = n - 1; t-- > 0;)
    for (size_t k = 0; k < labels; ++k) {
      if (before_[t * labels + k] == kNever) continue;
      for (size_t j = 0; j < labels; ++j)
        ways_[j] =
            follows(paths, k, j) && allows(paths, t + 1, j)
                ? scores.transitions[k * labels + j] + scores.z[(t + 1) * labels + j] + after_[(t + 1) * labels + j]
                : kNever;
      after_[t * labels + k] = log_sum_exp(ways_);
    }
  for (size_t t = 0; t < n; ++t)
    for (size_t k = 0; k < labels; ++k) {
      const double here = before_[t * labels + k];
      if (here == kNever) continue;
      const double count = share * std::exp(here + after_[t * labels + k] - total_);
      d_z[t * labels + k] += count;
      if (t == 0) d_ends[k] += count;
      if (t + 1 == n) {
        d_ends[labels + k] += count;
        continue;
      }
      for (size_t j = 0; j < labels; ++j)
        if (follows(paths, k, j) && allows(paths, t + 1, j))
          d_transitions[k * labels + j] +=
              share * std::exp(here + scores.transitions[k * labels + j] + scores.z[(t + 1) * labels + j] +
                               after_[(t + 1) * labels + j] - total_);
    }
}

}  // namespace attune::losses
