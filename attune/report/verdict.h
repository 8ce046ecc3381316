// Does fine-tuning pay? The ladder's last word.
#pragma once
#include <string>

#include "attune/report/report.h"

namespace attune::report {

enum class Pays { unknown, yes, not_shown, no };

struct Verdict {
  Pays pays = Pays::unknown;  // unknown: nothing to compare
  std::string text;           // one or two sentences; empty for unknown
};

// Compares the fine-tuned rung with the best of the others. Where both carry their rows' correctness (and the metric
// is accuracy) the paired bootstrap interval of the difference decides; else the two separate intervals: it pays only
// where they do not overlap. Lower than the other rung, or an interval that includes 0, is said plainly.
Verdict judge(const Ladder& ladder);

}  // namespace attune::report
