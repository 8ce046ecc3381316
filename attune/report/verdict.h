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

// Compares the fine-tuned rung with the best of the others. Not better: it does not pay. Better: it pays where the
// evidence excludes chance, else it "is not shown to pay". The evidence is the paired bootstrap interval of the
// difference where both rungs carry their rows' correctness and the metric is accuracy, else whether the two separate
// intervals overlap (which is stricter).
Verdict judge(const Ladder& ladder);

}  // namespace attune::report
