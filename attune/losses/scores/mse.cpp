#include "attune/losses/scores/mse.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/score_loss.h"
#include "attune/losses/targets.h"
#include "attune/ops/item_losses.h"

namespace attune::losses {
namespace {

class Mse final : public ResidualLoss {
 public:
  Mse(const NoOptions&, const NoOptions&, const LossFacts&) {}
  std::string name() const override { return "mse"; }

  double denominator(const Targets& targets) const override {
    if (has_unknown(targets)) return ResidualLoss::denominator(targets);
    return weighed_items(targets, [](int64_t) { return true; }) * static_cast<double>(targets.width);
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    if (has_unknown(input.targets)) return ResidualLoss::evaluate(context, input);
    const int64_t rows = input.logits.rows();
    const Tensor items = ops::squared_error(context, input.logits, value_targets(context, input.targets, rows, 0));
    return row_term(context, input.targets, items, denominator(input.targets));
  }

 protected:
  Cost of(double residual) const override { return {residual * residual, 2 * residual}; }

 private:
  // The kernel knows numbers alone.
  static bool has_unknown(const Targets& targets) {
    return std::any_of(targets.values.begin(), targets.values.end(), [](float y) { return std::isnan(y); });
  }
};

long double mse_reference(const NaiveItem& item) {
  return (item.z[0] - item.targets[0]) * (item.z[0] - item.targets[0]);
}

}  // namespace

std::unique_ptr<Loss> make_mse() {
  return std::make_unique<Mse>(NoOptions{}, NoOptions{}, LossFacts{});
}

const LossEntry kMse{.name = "mse",
                     .fits = TargetKind::scores,
                     .summary = "mean squared error",
                     .formula = "(z - y)^2",
                     .denominator = "items",
                     .source = "Gauss's; the score becomes the mean",
                     .notes = "Without the factor 1/2 (PyTorch's form). A few far targets rule it: see huber.",
                     .maker = maker_of<Mse, NoOptions, NoOptions>,
                     .reference = mse_reference};

}  // namespace attune::losses
