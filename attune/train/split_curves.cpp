#include "attune/train/split_curves.h"

#include <algorithm>

#include "attune/metrics/probabilities.h"

namespace attune::train {

SplitCurves::SplitCurves(const Split& split, const tasks::ModelBundle& bundle)
    : split_(split),
      bundle_(bundle),
      classes_(bundle.task->kind == tasks::TaskKind::classify),
      labels_(bundle.task->kind == tasks::TaskKind::multilabel) {
  const int labels = static_cast<int>(bundle.labels.names().size());
  if (classes_ || labels_) counts_.resize(labels > kMostLabels ? 1 : static_cast<size_t>(labels));
}

SeeRow SplitCurves::see(SeeRow also) {
  return [this, also = std::move(also)](int32_t row, std::span<const data::LabelPlace> places,
                                        std::span<const float> logits) {
    if (!counts_.empty()) add(row, logits);
    if (also) also(row, places, logits);
  };
}

void SplitCurves::add(int32_t row, std::span<const float> logits) {
  const std::span<const int32_t> gold = split_.targets.labels(row);
  if (classes_ && (gold.empty() || gold[0] < 0)) return;
  const std::vector<double> probabilities = classes_ ? metrics::softmax(logits) : metrics::sigmoids(logits);
  for (size_t label = 0; label < logits.size(); ++label) {
    const bool positive = std::find(gold.begin(), gold.end(), static_cast<int32_t>(label)) != gold.end();
    counts_[counts_.size() == 1 ? 0 : label].add(probabilities[label], positive);
  }
}

std::vector<track::NamedPrCurve> SplitCurves::curves() const {
  std::vector<track::NamedPrCurve> curves;
  const std::vector<std::string>& names = bundle_.labels.names();
  if (counts_.size() == 1 && names.size() > 1)
    return {{split_.name + "/all_labels", "all labels together", counts_[0].curve()}};
  for (size_t label = classes_ && counts_.size() == 2 ? 1 : 0; label < counts_.size(); ++label)
    curves.push_back({split_.name + "/label/" + names[label], names[label], counts_[label].curve()});
  return curves;
}

}  // namespace attune::train
