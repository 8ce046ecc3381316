#include "attune/losses/cross_entropy.h"

#include "attune/losses/targets.h"
#include "attune/ops/item_losses.h"

namespace attune::losses {
namespace {

class CrossEntropy final : public Loss {
 public:
  explicit CrossEntropy(CrossEntropyOptions options) : options_(std::move(options)) {}
  std::string name() const override { return "cross_entropy"; }
  LossOptions options() const override {
    return {.class_weights = options_.class_weights, .label_smoothing = options_.label_smoothing};
  }

  double denominator(const Targets& targets) const override {
    double sum = 0;
    for (int64_t i = 0; i < targets.items(); ++i) {
      const int32_t y = targets.classes[i];
      if (y == kIgnored) continue;
      sum += targets.weight(i) * (options_.class_weights.empty() ? 1.0 : options_.class_weights[y]);
    }
    return sum;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const int64_t rows = input.logits.rows();
    LossTerm term;
    term.weights = item_weights(context, input.targets, rows);
    term.items = ops::softmax_cross_entropy(context, input.logits, class_targets(context, input.targets, rows),
                                            {.class_weights = vector_of(context, options_.class_weights),
                                             .smoothing = options_.label_smoothing,
                                             .ignored = kIgnored});
    term.sum = weighted_sum(context, term.items, term.weights, input.targets.items());
    term.denominator = denominator(input.targets);
    return term;
  }

 private:
  CrossEntropyOptions options_;
};

}  // namespace

std::unique_ptr<Loss> make_cross_entropy(CrossEntropyOptions options) {
  return std::make_unique<CrossEntropy>(std::move(options));
}

}  // namespace attune::losses
