// One model in two precisions over the same rows: which answers change, by how much the metric does, and whether that
// harms.
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

// Rows of a data set: all, or every second one, so that what is chosen on one half can be judged on the other.
enum class RowHalf { all, first, second };

// What a model in one precision says of rows, to be held against what it says in another. The task is one that answers
// (not embed).
class PrecisionAnswers {
 public:
  explicit PrecisionAnswers(const tasks::ModelBundle& bundle);
  // Runs rows through the model. `labelled`: all have a target, and the metric is taken of them. May be called again,
  // with files of other rows. Errors: those of PredictionLines::line.
  void add(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, const data::Dataset& rows, bool labelled,
           RowHalf half = RowHalf::all);

  const std::string& task() const { return task_; }
  // A row's label, labels, entities or words, in a number; of scores all are alike.
  const std::vector<uint64_t>& decisions() const { return decisions_; }
  const std::vector<bool>& is_labelled() const { return is_labelled_; }  // a row
  const compare::PredictionFile& labelled() const { return labelled_; }
  // The root of the mean square of logits' differences over that of their own size: how far the answers were turned.
  double distance_from(const PrecisionAnswers& reference) const;

 private:
  std::string task_;
  std::vector<uint64_t> decisions_;
  std::vector<bool> is_labelled_;
  std::vector<float> logits_;  // of all rows
  compare::PredictionFile labelled_;
};

struct HarmQuestion {
  std::string metric;
  std::optional<double> margin;  // as --margin has it: compare::worth_of
  double level = 0.95;
};

// What was found of `other` beside `reference`.
struct HarmFound {
  compare::Changed changed;                 // rows whose decision is not the same
  compare::Changed labelled;                // the same of the labelled ones
  std::optional<compare::Comparison> seen;  // other minus reference, of the labelled rows
  compare::Verdict difference;              // where there are such
  double margin = 0;                        // in the metric's own unit
  compare::HarmVerdict verdict;
};

// Both answered the same rows. Errors: those of compare_blocks (a metric of another task); usage: a metric with a unit
// and no margin.
HarmFound find_harm(const PrecisionAnswers& other, const PrecisionAnswers& reference, const HarmQuestion& question);

}  // namespace attune::train
