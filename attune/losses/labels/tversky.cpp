#include "attune/losses/labels/tversky.h"

#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/label_loss.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// 1 - (TP + s) / (TP + alpha FP + beta FN + s); Dice is alpha = beta = 1/2 with half its s.
class Overlap : public LabelLoss {
 public:
  Overlap(const TverskyOptions& own, const LabelOptions& shared, const LossFacts& facts)
      : LabelLoss(shared, facts), own_(own) {}
  bool depends_on_batch() const override { return true; }

  double denominator(const Targets& targets) const override {
    double sum = 0;
    for (size_t c = 0; c < labels(); ++c)
      for (int64_t i = 0; i < targets.items(); ++i)
        if (targets.weight(i) > 0 && target(targets, i, c) >= 0) {
          sum += weight(c);
          break;
        }
    return sum;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const int64_t n = input.targets.items();
    const size_t k = labels();
    ATTUNE_CHECK(input.logits.cols() == static_cast<int64_t>(k) && input.targets.width == static_cast<int64_t>(k),
                 "{} logits and {} targets a row for {} labels", input.logits.cols(), input.targets.width, k);
    std::vector<double> p = rows_on_host(context, input.logits, n);
    for (double& x : p) x = sigmoid(x / shared().temperature);
    std::vector<double> items(k), gradients(wants_gradient(context, input.logits) ? p.size() : 0);
    for (size_t c = 0; c < k; ++c) items[c] = label_cost(input.targets, c, p, gradients);
    LossTerm term;
    term.items = put_column_items(context, "overlap_loss", input.logits, items, gradients);
    term.weights = numbers(context, std::vector<double>(k, 1.0));
    term.sum = weighted_sum(context, term.items, term.weights, input.logits.cols());
    term.denominator = denominator(input.targets);
    return term;
  }

 protected:
  double cost(const LabelRow&, std::span<double>) const final { return 0; }

 private:
  double target(const Targets& targets, int64_t i, size_t c) const {
    const auto y = static_cast<double>(targets.values[static_cast<size_t>(i) * labels() + c]);
    return y < 0 ? y : (1 - shared().label_smoothing) * y + shared().label_smoothing / 2;
  }

  // Item c, and its gradient in column c.
  double label_cost(const Targets& targets, size_t c, std::span<const double> p, std::span<double> gradients) const {
    double both = 0, wrong = 0, missed = 0, known = 0;
    for (int64_t i = 0; i < targets.items(); ++i) {
      const double y = target(targets, i, c), u = targets.weight(i), each = p[static_cast<size_t>(i) * labels() + c];
      if (y < 0) continue;
      both += u * y * each, wrong += u * (1 - y) * each, missed += u * y * (1 - each), known += u;
    }
    if (known == 0) return 0;
    const double above = both + own_.smooth, below = above + own_.alpha * wrong + own_.beta * missed;
    for (int64_t i = 0; !gradients.empty() && i < targets.items(); ++i) {
      const double y = target(targets, i, c), each = p[static_cast<size_t>(i) * labels() + c];
      if (y < 0) continue;
      const double d_below = y + own_.alpha * (1 - y) - own_.beta * y;  // d(below)/dp; d(above)/dp = y
      gradients[static_cast<size_t>(i) * labels() + c] = -weight(c) * targets.weight(i) *
                                                         (y - above / below * d_below) / below * each * (1 - each) /
                                                         shared().temperature;
    }
    return weight(c) * (1 - above / below);
  }

  TverskyOptions own_;
};

class Tversky final : public Overlap {
 public:
  using Overlap::Overlap;
  std::string name() const override { return "tversky"; }
};

class Dice final : public Overlap {
 public:
  Dice(const DiceOptions& own, const LabelOptions& shared, const LossFacts& facts)
      : Overlap({.alpha = 0.5, .beta = 0.5, .smooth = own.smooth / 2}, shared, facts) {}
  std::string name() const override { return "dice"; }
};

// Item c over a batch, by definition.
long double overlap(const NaiveBatch& batch, size_t c, long double alpha, long double beta, long double smooth) {
  long double both = 0, wrong = 0, missed = 0;
  bool known = false;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const long double y = batch.items[i].targets[c], p = 1 / (1 + std::exp(-batch.items[i].z[c])), u = batch.u[i];
    if (y < 0) continue;
    known = known || u > 0;
    both += u * y * p, wrong += u * (1 - y) * p, missed += u * y * (1 - p);
  }
  return known ? 1 - (both + smooth) / (both + alpha * wrong + beta * missed + smooth) : 0;
}
long double tversky_reference(const NaiveBatch& batch) {
  long double sum = 0;
  const auto& option = batch.items[0].option;
  for (size_t c = 0; c < batch.items[0].z.size(); ++c)
    sum += batch.items[0].weights[c] * overlap(batch, c, option("alpha"), option("beta"), option("smooth"));
  return sum;
}
long double dice_reference(const NaiveBatch& batch) {
  long double sum = 0;
  const auto& option = batch.items[0].option;
  for (size_t c = 0; c < batch.items[0].z.size(); ++c)
    sum += batch.items[0].weights[c] * overlap(batch, c, 0.5L, 0.5L, option("smooth") / 2);
  return sum;
}

}  // namespace

void TverskyOptions::visit(OptionList& list) {
  list.add("alpha", alpha, {.help = "price of a wrong yes", .min = 0, .max = 10});
  list.add("beta", beta, {.help = "price of a missed label", .min = 0, .max = 10});
  list.add("smooth", smooth, {.help = "s, added above and below the line", .min = 1e-6, .max = 1e3});
}
void DiceOptions::visit(OptionList& list) {
  list.add("smooth", smooth, {.help = "s, added above and below the line", .min = 1e-6, .max = 1e3});
}

const LossEntry kTversky{.name = "tversky",
                         .fits = TargetKind::labels,
                         .summary = "one less the overlap of answers and labels, over the batch; misses cost more",
                         .formula = "sum_c 1 - (TP + s) / (TP + alpha * FP + beta * FN + s)   over the batch",
                         .denominator = "labels known in the batch, times their weights",
                         .source = "Salehi et al. 2017, arXiv 1706.05721, eq. 4; alpha 0.3, beta 0.7 are its best",
                         .notes = "Depends on the batch. Trains badly alone: add bce.",
                         .maker = maker_of<Tversky, TverskyOptions, LabelOptions>,
                         .reference = nullptr,
                         .batch_reference = tversky_reference};

const LossEntry kDice{
    .name = "dice",
    .fits = TargetKind::labels,
    .summary = "one less the soft F1 of each label, over the batch",
    .formula = "sum_c 1 - (2 TP + s) / (2 TP + FP + FN + s)   over the batch",
    .denominator = "labels known in the batch, times their weights",
    .source = "Milletari et al. 2016, arXiv 1606.04797; for text Li et al. 2020, arXiv 1911.02855; s 1 is Ludwig's",
    .notes = "Depends on the batch. Trains badly alone: add bce.",
    .maker = maker_of<Dice, DiceOptions, LabelOptions>,
    .reference = nullptr,
    .batch_reference = dice_reference};

}  // namespace attune::losses
