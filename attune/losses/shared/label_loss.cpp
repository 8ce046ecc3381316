#include "attune/losses/shared/label_loss.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/class_weights.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {

void LabelOptions::visit(OptionList& list) {
  list.group("shared by losses of labels");
  list.add("weights", weights, {.help = "weights of labels: none, balanced, effective(BETA), or [w1, w2, ...]"});
  list.add("label-smoothing", label_smoothing, {.help = "e: the target is (1 - e) y + e/2", .min = 0, .max = 0.999});
  list.add("temperature", temperature, {.help = "T: logits are divided by it", .min = 1e-3, .max = 1e3});
}

LabelLoss::LabelLoss(const LabelOptions& shared, const LossFacts& facts)
    : shared_(shared), labels_(static_cast<size_t>(facts.labels)), weights_(class_weights(shared.weights, facts)) {}

double LabelLoss::counts_for(const Targets& targets, int64_t i) const {
  const auto y = std::span(targets.values).subspan(static_cast<size_t>(i) * labels_, labels_);
  double known = 0;
  for (size_t c = 0; c < labels_; ++c)
    if (y[c] >= 0) known += weight(c);
  return divides_by_items() ? (known > 0 ? 1 : 0) : known;
}

double LabelLoss::denominator(const Targets& targets) const {
  return weighed_items(targets, [&](int64_t i) { return counts_for(targets, i); });
}

LossTerm LabelLoss::evaluate(Context& context, const LossInput& input) const {
  const int64_t n = input.targets.items();
  ATTUNE_CHECK(
      input.logits.cols() == static_cast<int64_t>(labels_) && input.targets.width == static_cast<int64_t>(labels_),
      "{} logits and {} targets a row for {} labels", input.logits.cols(), input.targets.width, labels_);
  std::vector<double> z = rows_on_host(context, input.logits, n);
  for (double& x : z) x /= shared_.temperature;
  const bool wanted = wants_gradient(context, input.logits);
  std::vector<double> items(static_cast<size_t>(n)), gradients(wanted ? z.size() : 0), y(labels_);
  for (size_t i = 0; i < items.size(); ++i) {
    if (counts_for(input.targets, static_cast<int64_t>(i)) == 0) continue;
    for (size_t c = 0; c < labels_; ++c) {
      const auto target = static_cast<double>(input.targets.values[i * labels_ + c]);
      y[c] = target < 0 ? target : (1 - shared_.label_smoothing) * target + shared_.label_smoothing / 2;
    }
    const auto gradient = wanted ? std::span(gradients).subspan(i * labels_, labels_) : std::span<double>();
    items[i] = cost({.z = std::span(z).subspan(i * labels_, labels_), .y = y, .progress = input.progress}, gradient);
    for (double& d : gradient) d /= shared_.temperature;
  }
  return row_term(context, input.targets, put_items(context, "label_loss", input.logits, items, gradients),
                  denominator(input.targets));
}

double EachLabelLoss::cost(const LabelRow& row, std::span<double> gradient) const {
  const auto z = row.z, y = row.y;
  double sum = 0;
  for (size_t c = 0; c < z.size(); ++c) {
    if (y[c] < 0) continue;
    const Cost none{0, 0};
    const Cost yes = y[c] > 0 ? positive(z[c], c) : none, no = y[c] < 1 ? negative(z[c], c) : none;
    sum += weight(c) * (y[c] * yes.value + (1 - y[c]) * no.value);
    if (!gradient.empty()) gradient[c] = weight(c) * (y[c] * yes.slope + (1 - y[c]) * no.slope);
  }
  return sum;
}

}  // namespace attune::losses
