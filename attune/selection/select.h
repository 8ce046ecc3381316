// `attune select-loss` as a function: data in, a folder with the choice out.
//
//   plan.json        options, files' fingerprints, blocks; profile.json: what was measured; labels.txt; parts/
//   jobs/, runs/     see run_jobs.h
//   suspicious.jsonl rows that somebody should look at, the most suspicious first
//   verdict.json, report.txt, report.html     the choice
//   train.json       for `attune train --config`: the chosen loss on all rows
#pragma once
#include <optional>

#include "attune/selection/choice.h"
#include "attune/selection/select_options.h"
#include "attune/train/observer.h"

namespace attune::selection {

// Goes on where an earlier call with the same options and data stopped; a finished one is only told again. Nothing:
// stopped. Errors: those of training; usage: a metric that the task does not have, --out of other options or data (but
// for --overwrite), embedding tasks; input: too few rows, one class, a budget too small for one run.
std::optional<Choice> select_loss(SelectOptions options, train::Observer& observer);

// The choice of a folder, made again from plan.json, profile.json and the runs' predictions; touches nothing. `same`:
// whether verdict.json holds exactly that, bit for bit.
struct Replayed {
  Choice choice;
  bool same = false;
};
Replayed replay(const std::string& folder);

}  // namespace attune::selection
