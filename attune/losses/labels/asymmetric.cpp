#include "attune/losses/labels/asymmetric.h"

#include <cmath>

#include "attune/losses/shared/label_loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

class Asymmetric final : public EachLabelLoss {
 public:
  Asymmetric(const AsymmetricOptions& own, const LabelOptions& shared, const LossFacts& facts)
      : EachLabelLoss(shared, facts), own_(own) {}
  std::string name() const override { return "asymmetric"; }

 protected:
  Cost positive(double z, size_t) const override { return faded(z, own_.gamma_pos); }
  Cost negative(double z, size_t) const override {
    const double p = sigmoid(z), q = p - own_.margin;
    if (q <= 0) return {0, 0};
    // 1 - q = (1 - p) + margin, where 1 - p is exact; without a margin its logarithm is, too
    const double away = sigmoid(-z), rest = away + own_.margin, power = std::pow(q, own_.gamma_neg);
    const double cost = own_.margin == 0 ? softplus(z) : -std::log(rest);
    const double share = own_.margin == 0 ? 1 : away / rest;
    // d (q^g cost) / dz, with dq/dz = p (1 - p)
    return {power * cost, p * power * (own_.gamma_neg / q * cost * away + share)};
  }

 private:
  AsymmetricOptions own_;
};

long double asymmetric_reference(const NaiveItem& item) {
  long double sum = 0;
  for (size_t c = 0; c < item.z.size(); ++c) {
    const long double p = 1 / (1 + std::exp(-item.z[c])), y = item.targets[c];
    const long double q = std::max(p - item.option("margin"), 0.0L);
    if (y < 0) continue;
    sum += item.weights[c] * y * std::pow(1 - p, item.option("gamma-pos")) * -std::log(p);
    if (q > 0) sum += item.weights[c] * (1 - y) * std::pow(q, item.option("gamma-neg")) * -std::log(1 - q);
  }
  return sum;
}

}  // namespace

void AsymmetricOptions::visit(OptionList& list) {
  list.add("gamma-neg", gamma_neg, {.help = "how fast a right negative stops to cost", .min = 0, .max = 20});
  list.add("gamma-pos", gamma_pos, {.help = "how fast a right positive stops to cost", .min = 0, .max = 20});
  list.add("margin", margin, {.help = "negatives below this probability cost nothing", .min = 0, .max = 0.9});
}

const LossEntry kAsymmetric{
    .name = "asymmetric",
    .fits = TargetKind::labels,
    .summary = "negatives fade faster than positives; for many labels of which few hold",
    .formula =
        "sum_c  y[c] * (1-p[c])^gamma_pos * -log p[c] + (1-y[c]) * q[c]^gamma_neg * -log(1-q[c]),  "
        "q = max(p - margin, 0)",
    .denominator = "known labels times their weights",
    .source = "Ridnik et al. 2021, arXiv 2009.14119, eq. 4-7; defaults of the authors' code",
    .notes = "The authors' code sums over the batch: its step size depends on batch and labels, attune's does not.",
    .maker = maker_of<Asymmetric, AsymmetricOptions, LabelOptions>,
    .reference = asymmetric_reference};

}  // namespace attune::losses
