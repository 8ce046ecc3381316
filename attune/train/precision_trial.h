// One model in two precisions over the same rows: which answers change, and by how much the metric does.
#pragma once
#include <optional>
#include <string>

#include "attune/compare/blocks.h"
#include "attune/compare/harm.h"
#include "attune/data/dataset.h"
#include "attune/tasks/model_bundle.h"
#include "attune/train/inference_options.h"

namespace attune::train {

class PrecisionTrial {
 public:
  // Both bundles are of one folder, of a task that answers (not embed), and outlive this object.
  PrecisionTrial(const tasks::ModelBundle& reference, const tasks::ModelBundle& other, kernels::Kernels& kernels);

  // Rows through both. `labelled`: all have a target, and the metric is taken of them. May be called again, with files
  // of other rows. Errors: those of PredictionLines::line.
  void add(const data::Dataset& rows, bool labelled);

  // Rows whose label, labels, entities or words are not the same; of scores none counts as changed.
  const compare::Changed& changed() const { return changed_; }

  struct Judged {
    compare::Comparison seen;  // other minus reference
    compare::Fall fall;
  };
  // Of the labelled rows; nothing where there are none. Errors: those of compare_blocks (a metric of another task).
  std::optional<Judged> judge(const std::string& metric, double level) const;

 private:
  const tasks::ModelBundle& reference_;
  const tasks::ModelBundle& other_;
  kernels::Kernels& kernels_;
  compare::Changed changed_, labelled_;
  compare::PredictionFile reference_answers_, other_answers_;  // of labelled rows
};

}  // namespace attune::train
