// Two sides' runs as one question answered.
#pragma once
#include <string>
#include <vector>

#include "attune/selection/choice.h"

namespace attune::selection {

struct Side {
  std::string name;
  std::vector<compare::PredictionFile> runs;  // one a block
};

struct JudgementOptions {
  std::string metric;
  double worth = 0, level = 0.95;
  int draws = 1000;
  int finalists = 1;
  bool same_runs = false;
  std::vector<std::string> files = {};  // of the pool, to name rows by
};

// The verdict of `finalists` > 1 is told anew by settle(), once all are compared.
Judgement make_judgement(const Side& first, const Side& second, const JudgementOptions& options);

// Gives judgements of several finalists the runs' variance that they have in common.
void settle(std::vector<Judgement*> finalists, const JudgementOptions& options);

}  // namespace attune::selection
