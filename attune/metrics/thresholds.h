// A threshold for each label of a multi-label model, chosen on dev.
#pragma once
#include <span>
#include <vector>

#include "attune/metrics/multilabel.h"

namespace attune::metrics {

// For each label the probability that maximises its F1 on `dev` when a label is predicted from it on: halfway (in
// logits) between the last row taken and the next; ties take the larger threshold. A label without a gold row keeps
// 0.5. Values stay in [0.01, 0.99].
std::vector<double> best_f1_thresholds(const MultiLabelMeter& dev);

}  // namespace attune::metrics
