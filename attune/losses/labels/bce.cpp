#include "attune/losses/labels/bce.h"

#include <cmath>

#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"
#include "attune/ops/item_losses.h"

namespace attune::losses {
namespace {

class Bce final : public EachLabelLoss {
 public:
  Bce(const BceOptions& own, const LabelOptions& options, const LossFacts& facts)
      : EachLabelLoss(options, facts),
        plain_(options.temperature == 1 && options.label_smoothing == 0 && options.weights == "none"),
        positive_weights_(own.pos_weight) {
    const auto k = static_cast<size_t>(facts.labels);
    if (positive_weights_.size() == 1) positive_weights_.assign(k, positive_weights_[0]);
    if (!positive_weights_.empty() && positive_weights_.size() != k)
      fail(ErrorKind::usage, "pos_weight: {} numbers; expected 1 or {} (one a label)", positive_weights_.size(), k);
  }
  std::string name() const override { return "bce"; }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    if (!plain_) return EachLabelLoss::evaluate(context, input);
    const int64_t rows = input.logits.rows();
    const Tensor items = ops::sigmoid_cross_entropy(
        context, input.logits, value_targets(context, input.targets, rows, -1), vector_of(context, positive_weights_));
    return row_term(context, input.targets, items, denominator(input.targets));
  }

 protected:
  Cost positive(double z, size_t c) const override {
    const double q = positive_weights_.empty() ? 1 : positive_weights_[c];
    return {q * softplus(-z), -q * sigmoid(-z)};
  }
  Cost negative(double z, size_t) const override { return {softplus(z), sigmoid(z)}; }

 private:
  bool plain_;  // nothing that the kernel does not know
  std::vector<double> positive_weights_;
};

long double bce_reference(const NaiveItem& item) {
  const std::vector<double> q = item.numbers("pos-weight");
  long double sum = 0;
  for (size_t c = 0; c < item.z.size(); ++c) {
    const long double p = 1 / (1 + std::exp(-item.z[c])), y = item.targets[c];
    if (y >= 0) sum -= item.weights[c] * ((q.empty() ? 1 : q[c]) * y * std::log(p) + (1 - y) * std::log(1 - p));
  }
  return sum;
}

}  // namespace

void BceOptions::visit(OptionList& list) {
  list.add("pos-weight", pos_weight,
           {.help = "q: what a label that holds weighs; one number, or one a label", .min = 0});
}

std::unique_ptr<Loss> make_bce(const BceOptions& own, const LabelOptions& shared, const LossFacts& facts) {
  return std::make_unique<Bce>(own, shared, facts);
}

const LossEntry kBce{
    .name = "bce",
    .fits = TargetKind::labels,
    .summary = "binary cross-entropy on logits, label by label",
    .formula = "-sum_c  q[c] * y[c] * log p[c] + (1-y[c]) * log(1-p[c]),  p = sigmoid(z)",
    .denominator = "known labels times their weights",
    .source = "maximum likelihood of independent labels; the mean over all values is Hugging Face's and PyTorch's",
    .notes = "Both terms: the article's form lacks the second. The mean over labels multiplies into SGD's step size.",
    .maker = maker_of<Bce, BceOptions, LabelOptions>,
    .reference = bce_reference};

}  // namespace attune::losses
