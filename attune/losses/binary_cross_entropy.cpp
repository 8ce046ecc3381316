#include "attune/losses/binary_cross_entropy.h"

#include "attune/losses/targets.h"
#include "attune/ops/item_losses.h"

namespace attune::losses {
namespace {

class BinaryCrossEntropy final : public Loss {
 public:
  explicit BinaryCrossEntropy(BinaryCrossEntropyOptions options) : options_(std::move(options)) {}
  std::string name() const override { return "bce"; }
  LossOptions options() const override { return {.positive_weights = options_.positive_weights}; }

  double denominator(const Targets& targets) const override {
    double sum = 0;
    for (int64_t i = 0; i < targets.items(); ++i) {
      int64_t known = 0;
      for (int64_t c = 0; c < targets.width; ++c) known += targets.values[i * targets.width + c] >= 0 ? 1 : 0;
      sum += targets.weight(i) * static_cast<double>(known);
    }
    return sum;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const int64_t rows = input.logits.rows();
    constexpr double kUnknown = -1;
    LossTerm term;
    term.weights = item_weights(context, input.targets, rows);
    term.items =
        ops::sigmoid_cross_entropy(context, input.logits, value_targets(context, input.targets, rows, kUnknown),
                                   vector_of(context, options_.positive_weights));
    term.sum = weighted_sum(context, term.items, term.weights, input.targets.items());
    term.denominator = denominator(input.targets);
    return term;
  }

 private:
  BinaryCrossEntropyOptions options_;
};

}  // namespace

std::unique_ptr<Loss> make_binary_cross_entropy(BinaryCrossEntropyOptions options) {
  return std::make_unique<BinaryCrossEntropy>(std::move(options));
}

}  // namespace attune::losses
