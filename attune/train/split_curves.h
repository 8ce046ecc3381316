// Precision and recall of an evaluation, collected row by row as the model answers.
#pragma once
#include "attune/track/pr_curve.h"
#include "attune/track/tracker.h"
#include "attune/train/evaluate.h"

namespace attune::train {

class SplitCurves {
 public:
  static constexpr int kMostLabels = 20;

  SplitCurves(const Split& split, const tasks::ModelBundle& bundle);
  const std::string& split() const { return split_.name; }
  // For EvaluateOptions::see; `also` is told the same. This object stays where it is meanwhile.
  SeeRow see(SeeRow also = {});
  // "dev/label/NAME"; of more labels than kMostLabels "dev/all_labels", each row counting once a label. None for tasks
  // whose answers are no labels of a text.
  std::vector<track::NamedPrCurve> curves() const;

 private:
  void add(int32_t row, std::span<const float> logits);
  const Split& split_;
  const tasks::ModelBundle& bundle_;
  bool classes_, labels_;  // one label a row, any number
  std::vector<track::PrCounts> counts_;
};

}  // namespace attune::train
