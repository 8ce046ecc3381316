// Sums over all tag sequences of a sentence, in logarithms: the forward-backward algorithm (Baum & Petrie 1966).
#pragma once
#include <span>
#include <vector>

#include "attune/losses/tagging/iob2.h"

namespace attune::losses {

// A sentence of T words: z [T, K], transitions [K, K] from-to, ends [2, K] of beginning and ending with a tag.
struct ChainScores {
  std::span<const double> z, transitions, ends;
  size_t labels = 0;

  size_t length() const { return z.size() / labels; }
};

// Which tag sequences are summed: those that keep the rule (nullptr: all), and at each word the one given (below 0:
// any).
struct ChainPaths {
  const Iob2Rule* rule = nullptr;
  std::span<const int32_t> tags = {};  // [T], or empty: any everywhere
};

class ChainSums {
 public:
  // log of the sum of exp score over the paths; -infinity where there is none.
  double log_sum(const ChainScores& scores, const ChainPaths& paths);

  // Adds share * d(log_sum)/d(...), the expected counts, to the gradients; for the scores and paths of the last
  // log_sum.
  void add_expected(const ChainScores& scores, const ChainPaths& paths, double share, std::span<double> d_z,
                    std::span<double> d_transitions, std::span<double> d_ends);

 private:
  bool allows(const ChainPaths& paths, size_t t, size_t k) const {
    return (paths.tags.empty() || paths.tags[t] < 0 || static_cast<size_t>(paths.tags[t]) == k) &&
           (t > 0 || !paths.rule || paths.rule->may_begin(k));
  }
  static bool follows(const ChainPaths& paths, size_t before, size_t k) {
    return !paths.rule || paths.rule->may_follow(before, k);
  }

  double total_ = 0;
  std::vector<double> before_, after_, ways_;  // [T, K] log sums of the ways to a tag, and on from it
};

}  // namespace attune::losses
