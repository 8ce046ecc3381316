#include "attune/losses/mean_squared_error.h"

#include "attune/losses/targets.h"
#include "attune/ops/item_losses.h"

namespace attune::losses {
namespace {

class MeanSquaredError final : public Loss {
 public:
  std::string name() const override { return "mse"; }

  double denominator(const Targets& targets) const override {
    double sum = 0;
    for (int64_t i = 0; i < targets.items(); ++i) sum += targets.weight(i);
    return sum * static_cast<double>(targets.width);
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const int64_t rows = input.logits.rows();
    LossTerm term;
    term.weights = item_weights(context, input.targets, rows);
    term.items = ops::squared_error(context, input.logits, value_targets(context, input.targets, rows, 0));
    term.sum = weighted_sum(context, term.items, term.weights, input.targets.items());
    term.denominator = denominator(input.targets);
    return term;
  }
};

}  // namespace

std::unique_ptr<Loss> make_mean_squared_error() {
  return std::make_unique<MeanSquaredError>();
}

}  // namespace attune::losses
