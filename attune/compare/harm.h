// Does another way of computing the same model's answers harm it? Not whether it differs (it does), but whether it can
// be worse by more than what matters: a test of non-inferiority, with a margin m > 0.
//
//   safe       it cannot have fallen by more than m:  low >= -m; or, of a share of right rows, at most m of all rows
//              turn from right to wrong; or at most m of all answers change, so that no more can have turned wrong
//   harmful    it fell by more than m:                high < -m
//   undecided  neither can be said from so many rows
//
// [low, high] is an interval of the difference by rows (both sides are one model: compare/verdict.h, same_models).
// Where few answers changed a resampling of rows knows too little of how large the fall may be, and with none it knows
// nothing: below kFewChanged it is not asked, and only the bounds by shares count. Their upper limits are Clopper and
// Pearson's (1934), one-sided, so they hold for any number of rows. Labelled rows tell which answers turned wrong, and
// then decide by that; where there are rows without labels beside them, both shares are asked, each at half the risk.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace attune::compare {

inline constexpr int64_t kFewChanged = 10;

// The p above which `k` or fewer of `n` would be seen with a chance below 1 - level.
double share_at_most(int64_t k, int64_t n, double level);

// Whether a task's metric can fall by no more than the share of changed answers: one answer a row, right or wrong, all
// rows alike.
bool falls_by_changed_rows(const std::string& task, const std::string& metric);

enum class Harm { safe, harmful, undecided };
const char* name(Harm harm);

struct Changed {
  int64_t rows = 0, changed = 0;  // labelled or not
};

struct HarmOptions {
  double margin = 0;          // in the metric's unit
  double level = 0.95;        // of the interval, two-sided; bounds take its half
  bool share_bounds = false;  // falls_by_changed_rows
};

// The metric's difference, other minus reference, more being better; of `rows` labelled rows.
struct Fall {
  double difference = 0, low = 0, high = 0;
  int64_t rows = 0;
  int64_t changed = 0;
  std::optional<int64_t> turned_wrong = {};  // right in the reference alone; nothing where a row is neither
};

// What decided.
enum class HarmBy { nothing, interval, changed, turned_wrong };

struct HarmVerdict {
  Harm harm = Harm::undecided;
  HarmBy by = HarmBy::nothing;
  double bound_level = 0.975;           // of the two limits
  double changed_at_most = 1;           // share of all answers
  std::optional<double> wrong_at_most;  // of all rows; where share_bounds, and labelled rows tell
  std::optional<int64_t> needed;        // rows that would decide, were all as it looks; undecided only
};

// `fall`: nothing where no row is labelled. Errors (internal): a margin that is not above 0.
HarmVerdict judge_harm(const std::optional<Fall>& fall, const Changed& changed, const HarmOptions& options);

}  // namespace attune::compare
