#include "attune/losses/shared/score_loss.h"

#include <cmath>

#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {

double ScoreLoss::denominator(const Targets& targets) const {
  return weighed_items(targets, [&](int64_t i) { return !std::isnan(targets.values[static_cast<size_t>(i)]); });
}

LossTerm ScoreLoss::evaluate(Context& context, const LossInput& input) const {
  ATTUNE_CHECK(input.targets.width == 1, "{} target values a row, expected one", input.targets.width);
  const int64_t n = input.targets.items();
  const auto p = static_cast<size_t>(input.logits.cols());
  const std::vector<double> z = rows_on_host(context, input.logits, n);
  const bool wanted = wants_gradient(context, input.logits);
  std::vector<double> items(static_cast<size_t>(n)), gradients(wanted ? z.size() : 0);
  for (size_t i = 0; i < items.size(); ++i) {
    const auto y = static_cast<double>(input.targets.values[i]);
    if (std::isnan(y)) continue;
    items[i] = cost({.z = std::span(z).subspan(i * p, p), .y = y, .progress = input.progress},
                    wanted ? std::span(gradients).subspan(i * p, p) : std::span<double>());
  }
  return row_term(context, input.targets, put_items(context, "score_loss", input.logits, items, gradients),
                  denominator(input.targets));
}

}  // namespace attune::losses
