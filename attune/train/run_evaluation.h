// `attune eval` as a function: a fine-tuned model judged on labelled rows, with what its run left to judge it by.
#pragma once
#include <string>

#include "attune/report/report.h"
#include "attune/train/evaluate.h"
#include "attune/train/observer.h"

namespace attune::train {

struct EvaluationOptions {
  std::string model;  // as the user named it
  int64_t batch_size = 32;
  metrics::BootstrapOptions bootstrap = {};
  bool report_text = false;
  SeeRow see = {};      // as EvaluateOptions has it
  bool ladder = false;  // fit the rungs anew where the run's own were judged on other rows
};

// The report of one split:
//   metrics    with the thresholds of the folder (multi-label); says so where they were chosen on these very rows
//   routing    with the run's thresholds, chosen on its dev rows; where the folder has none they are chosen on the
//              judged rows, and the table says that this flatters
//   ladder     the run's own rungs where it judged these very rows; with options.ladder fitted anew, on the training
//              rows and the untouched model that config.resolved.json names; else a note says how to get one
//   curves     of the run's metrics.jsonl
// Errors: those of evaluate(); with options.ladder, usage: a task without a ladder, a folder that is no run of
// attune's, training rows or a model that are gone or have changed.
report::Report judge_model(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& split,
                           const EvaluationOptions& options, Observer& observer);

}  // namespace attune::train
