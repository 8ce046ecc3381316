// What a race would cost and could show: a planning figure, before there are runs to measure it by.
//
// Of two runs of one procedure the difference has the variance 2 tau^2 by runs, and by rows about kChurn of what the
// metric itself has on those rows (two runs at 90% accuracy give different answers to 8.5% of the rows: SELECTION's
// model; replaced by measurement where a verdict has one).
#pragma once
#include "attune/selection/budget.h"
#include "attune/selection/choice.h"

namespace attune::selection {

struct OutlookFacts {
  compare::PredictionFile judged;  // of the plain loss, corrected
  int64_t train_rows = 0;          // of a run
  RunShape shape;                  // of it
  double run_seconds = 0;          // of a plain run on all rows
  int draws = 200;
};

// Of a verdict that `budget` plain runs buy.
Outlook look_out(const Choice& choice, const OutlookFacts& facts, double budget);

}  // namespace attune::selection
