#include "attune/losses/shared/taught_loss.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

std::span<const float> values_of(const Targets& targets, int64_t item) {
  const auto width = static_cast<size_t>(targets.width);
  if (targets.values.empty()) return {};
  return std::span(targets.values).subspan(static_cast<size_t>(item) * width, width);
}

bool is_answered(const Targets& targets, int64_t item) {
  if (targets.teacher.empty()) return false;
  if (!targets.classes.empty() && targets.classes[static_cast<size_t>(item)] == kIgnored) return false;
  const std::span<const float> y = values_of(targets, item);
  if (!y.empty() && std::isnan(y[0])) return false;
  const auto k = static_cast<int64_t>(targets.teacher.size()) / targets.items();
  return !std::isnan(targets.teacher[static_cast<size_t>(item * k)]);
}

}  // namespace

double TaughtLoss::counts(const Targets&, int64_t) const {
  return 1;
}

double TaughtLoss::denominator(const Targets& targets) const {
  return weighed_items(targets, [&](int64_t i) { return is_answered(targets, i) ? counts(targets, i) : 0.0; });
}

LossTerm TaughtLoss::evaluate(Context& context, const LossInput& input) const {
  const Targets& targets = input.targets;
  const int64_t n = targets.items();
  const auto k = static_cast<size_t>(input.logits.cols());
  const std::vector<double> logits = rows_on_host(context, input.logits, n);
  const std::vector<double> teacher(targets.teacher.begin(), targets.teacher.end());
  std::vector<double> items(static_cast<size_t>(n)),
      gradient(wants_gradient(context, input.logits) ? logits.size() : 0);
  for (int64_t i = 0; i < n; ++i) {
    if (!is_answered(targets, i) || counts(targets, i) == 0) continue;
    const size_t at = static_cast<size_t>(i) * k;
    const std::span<double> all(gradient);
    items[static_cast<size_t>(i)] =
        cost({std::span(logits).subspan(at, k), std::span(teacher).subspan(at, k), values_of(targets, i)},
             all.empty() ? all : all.subspan(at, k));
  }
  return row_term(context, targets, put_items(context, "taught", input.logits, items, gradient), denominator(targets));
}

bool is_taught(const NaiveItem& item) {
  return !item.teacher.empty() && !std::isnan(item.teacher[0]);
}

long double taught_items(const NaiveItem& item) {
  return is_taught(item) ? 1 : 0;
}

}  // namespace attune::losses
