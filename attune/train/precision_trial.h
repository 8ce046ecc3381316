// One model in two precisions over the same rows: which answers change, and by how much the metric does.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/compare/blocks.h"
#include "attune/compare/harm.h"
#include "attune/data/dataset.h"
#include "attune/tasks/model_bundle.h"
#include "attune/train/prediction_lines.h"
#include "attune/train/predictor.h"

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
  // The same of the labelled ones.
  const compare::Changed& labelled() const { return labelled_; }
  // Other minus reference, of the labelled rows; nothing where there are none. Errors: those of compare_blocks (a
  // metric of another task).
  std::optional<compare::Comparison> compared(const std::string& metric) const;

 private:
  struct Side {
    Side(const tasks::ModelBundle& bundle, kernels::Kernels& kernels);
    std::vector<nlohmann::json> answer(std::span<const data::Example> rows, bool gold);

    Predictor predictor;
    PredictionLines lines, gold_lines;
    compare::PredictionFile answers;  // of labelled rows
  };

  const tasks::Task& task_;
  Side reference_, other_;
  compare::Changed changed_, labelled_;
};

}  // namespace attune::train
