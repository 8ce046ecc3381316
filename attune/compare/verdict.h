// Is one procedure better than another? From how much better it was in each block (a run of each, on the same rows).
//
// D_s: the difference in block s = 1..S, v_s: what the choice of rows alone adds to its variance. D = mean of D_s, v =
// variance by rows of D, vbar = mean of v_s, s2 = variance of the D_s, M: finalists that are compared at once.
//
//   f  = M (S - 1), times 0.75 if M > 1; of finalists with unlike many blocks the sum of their S - 1, times 0.75
//   b  = max(0, s2 - c vbar), c = rows_share (1/2) if S >= 3, else 0   what runs add, beyond rows
//   V  = v + b / S
//   df = V^2 / [ (b/S)^2 / f + v^2 / (units - 1) ]               Welch and Satterthwaite's
//   interval  D +- t(1 - (1 - level) / (2 M), df) sqrt(V)
//   P(the order is wrong)      = T_df(-|D| / sqrt(V))
//   P(one new run turns it)    = T_df(-|D| / sqrt(V + vbar + b))    a new run of each, on as many new rows
//   visible difference         = (t(1 - (1 - level) / (2 M)) + t(0.8)) sqrt(V)    seen in 4 of 5 comparisons
//
// Blocks of rows of their own (folds): v = vbar / S and units = S nb. The same rows in every block: v is that of the
// mean, which more runs do not shorten, and units are those rows. The rule and what it was tried on stand in
// docs/compare.md; bootstraps over rows alone take runs' luck for a difference in 16 to 50 of 100 cases.
#pragma once
#include <optional>
#include <vector>

namespace attune::compare {

struct Differences {
  std::vector<double> by_block;  // D_s, the first minus the second, larger being better
  double block_variance = 0;     // vbar
  double mean_variance = 0;      // v
  double units = 0;              // rows, sentences, queries or groups of rows, each counted once
};

struct RuleOptions {
  double level = 0.95;
  int finalists = 1;                         // M
  std::optional<double> runs_variance = {};  // s2, pooled over the finalists; else this one's own
  std::optional<double> runs_freedom = {};   // sum of the finalists' S - 1, that s2 is known with; else M (S - 1)
  double worth = 0;                          // a difference below it does not matter; above 0
  double rows_share = 0.5;                   // c; less is more careful where runs are few and differ much
  // Both sides are the same trained models, answered in two ways: one block then says something of that model, and
  // states are told from any number of blocks.
  bool same_models = false;
};

enum class State {
  better_by_worth,  // the interval lies beyond `worth`
  better,           // it leaves out 0, and D is at least `worth`
  no_difference,    // it lies within -worth and worth
  undecided,
};
const char* name(State state);  // "better_by_worth"

// How much more of something would decide; nothing: no amount that can be had.
struct Needed {
  std::optional<double> runs;   // blocks in all
  std::optional<double> units;  // rows in all, of as many runs
};

struct Verdict {
  State state = State::undecided;
  double difference = 0, low = 0, high = 0, df = 0;
  double runs_variance = 0;  // b
  double variance = 0;       // V
  double wrong = 0, turns = 0, visible = 0;
  bool rows_are_the_bottleneck = true;  // else runs
  Needed needed = {};                   // where undecided, for a difference as large as it looks
};

// One block knows nothing of other runs: b is taken for 0, `turns` is not a number, and the state is never but
// undecided (except of same_models). Two blocks may say better_by_worth, else undecided. Errors (internal): no block, a
// variance or worth below 0.
Verdict judge(const Differences& differences, const RuleOptions& options);

}  // namespace attune::compare
