#include "attune/train/split_curves.h"

#include <algorithm>
#include <cmath>

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
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  for (size_t label = 0; label < logits.size(); ++label) {
    const auto logit = static_cast<double>(logits[label]);
    const double probability = classes_ ? std::exp(logit - largest) / sum : 1 / (1 + std::exp(-logit));
    const bool positive = std::find(gold.begin(), gold.end(), static_cast<int32_t>(label)) != gold.end();
    counts_[counts_.size() == 1 ? 0 : label].add(probability, positive);
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
