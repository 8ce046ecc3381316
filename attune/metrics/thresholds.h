// A threshold for each label of a multi-label model, chosen on dev.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/metrics/multilabel.h"

namespace attune::metrics {

// An item of one label, and whether it has it.
struct LabelledLogit {
  double logit = 0;
  uint8_t gold = 0;
};

// The logit from which on a label is best predicted, by F1: halfway between the last item taken and the next; ties take
// the larger one. At least one item has the label; sorts the items.
double best_f1_cut(std::vector<LabelledLogit>& items);

// For each label the probability that maximises its F1 on `dev` when a label is predicted from it on: halfway (in
// logits) between the last row taken and the next; ties take the larger threshold. A label without a gold row keeps
// 0.5. Values stay in [0.01, 0.99].
std::vector<double> best_f1_thresholds(const MultiLabelMeter& dev);

}  // namespace attune::metrics
