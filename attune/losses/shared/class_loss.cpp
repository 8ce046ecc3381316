#include "attune/losses/shared/class_loss.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/class_weights.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// t_i: 1 at the class, or the soft target's row; all 0 where the item is ignored.
class TargetRows {
 public:
  TargetRows(const Targets& targets, int64_t labels) : targets_(targets), row_(static_cast<size_t>(labels)) {
    ATTUNE_CHECK(!soft() || targets.width == labels, "soft targets of width {} for {} labels", targets.width, labels);
  }
  std::span<const double> at(int64_t i) {
    if (soft()) {
      const auto from = std::span(targets_.values).subspan(static_cast<size_t>(i) * row_.size(), row_.size());
      std::copy(from.begin(), from.end(), row_.begin());
    } else {
      std::fill(row_.begin(), row_.end(), 0.0);
      if (const int32_t y = targets_.classes[static_cast<size_t>(i)]; y != kIgnored)
        row_.at(static_cast<size_t>(y)) = 1;
    }
    return row_;
  }

 private:
  bool soft() const { return targets_.classes.empty() && !targets_.values.empty(); }
  const Targets& targets_;
  std::vector<double> row_;
};

double weighed(std::span<const double> target, std::span<const double> weights) {
  double sum = 0;
  for (size_t c = 0; c < target.size(); ++c) sum += target[c] * (weights.empty() ? 1 : weights[c]);
  return sum;
}

}  // namespace

void ClassOptions::visit(OptionList& list) {
  list.group("shared by losses of classes");
  list.add("weights", weights, {.help = "weights of classes: none, balanced, effective(BETA), or [w1, w2, ...]"});
  list.add("label-smoothing", label_smoothing,
           {.help = "e: the target is (1 - e) onehot(y) + e/K", .min = 0, .max = 0.999});
  list.add("temperature", temperature, {.help = "T: logits are divided by it", .min = 1e-3, .max = 1e3});
}

ClassLoss::ClassLoss(const ClassOptions& shared, const LossFacts& facts)
    : shared_(shared), labels_(facts.labels), weights_(class_weights(shared.weights, facts)) {}

double ClassLoss::denominator(const Targets& targets) const {
  double sum = 0;
  for (int64_t i = 0; i < std::ssize(targets.classes); ++i)
    if (const int32_t y = targets.classes[static_cast<size_t>(i)]; y != kIgnored)
      sum += targets.weight(i) * (weights_.empty() ? 1 : weights_[static_cast<size_t>(y)]);
  if (!targets.classes.empty()) return sum;
  TargetRows rows(targets, labels_);
  for (int64_t i = 0; i < targets.items(); ++i) sum += targets.weight(i) * weighed(rows.at(i), weights_);
  return sum;
}

double ClassLoss::expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const {
  double sum = 0;
  for (size_t c = 0; c < q.size(); ++c)
    if (q[c] != 0) sum += q[c] * cost(row, c, q[c], gradient);
  return sum;
}

LossTerm ClassLoss::evaluate(Context& context, const LossInput& input) const {
  const int64_t n = input.targets.items();
  const auto k = static_cast<size_t>(labels_);
  ATTUNE_CHECK(input.logits.cols() == labels_, "{} logits a row for {} labels", input.logits.cols(), labels_);
  const std::vector<double> z = rows_on_host(context, input.logits, n);
  const bool wanted = wants_gradient(context, input.logits);
  std::vector<double> items(static_cast<size_t>(n)), gradients(wanted ? z.size() : 0);
  std::vector<double> scaled(k), log_p(k), p(k), q(k);
  TargetRows targets(input.targets, labels_);
  for (size_t i = 0; i < items.size(); ++i) {
    const auto target = targets.at(static_cast<int64_t>(i));
    const double mass = weighed(target, {});
    if (mass == 0) continue;
    for (size_t c = 0; c < k; ++c) {
      scaled[c] = z[i * k + c] / shared_.temperature + (shift().empty() ? 0 : shift()[c]);
      q[c] = (1 - shared_.label_smoothing) * target[c] + shared_.label_smoothing * mass / static_cast<double>(k);
      if (!weights_.empty()) q[c] *= weights_[c];
    }
    const double all = log_sum_exp(scaled);
    for (size_t c = 0; c < k; ++c) log_p[c] = scaled[c] - all, p[c] = std::exp(log_p[c]);
    const auto gradient = wanted ? std::span(gradients).subspan(i * k, k) : std::span<double>();
    const bool known = context.training && !input.targets.examples.empty();
    items[i] = expected({.z = scaled,
                         .log_p = log_p,
                         .p = p,
                         .progress = input.progress,
                         .example = known ? input.targets.examples[i] : -1},
                        q, gradient);
    for (double& d : gradient) d /= shared_.temperature;
  }
  return row_term(context, input.targets, put_items(context, "class_loss", input.logits, items, gradients),
                  denominator(input.targets));
}

double ProbabilityLoss::cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const {
  const Cost cost = of(row.p[y], row.log_p[y]);
  for (size_t k = 0; k < gradient.size(); ++k) gradient[k] += share * cost.slope * ((k == y ? 1.0 : 0.0) - row.p[k]);
  return cost.value;
}

double ProbabilityLoss::expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const {
  double sum = 0, slopes = 0;
  for (size_t c = 0; c < q.size(); ++c) {
    if (q[c] == 0) continue;
    const Cost cost = of(row.p[c], row.log_p[c]);
    sum += q[c] * cost.value;
    slopes += q[c] * cost.slope;
    if (!gradient.empty()) gradient[c] += q[c] * cost.slope;
  }
  for (size_t k = 0; k < gradient.size(); ++k) gradient[k] -= slopes * row.p[k];
  return sum;
}

}  // namespace attune::losses
