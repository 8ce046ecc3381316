#include "attune/losses/labels/focal_bce.h"

#include <cmath>

#include "attune/losses/shared/label_loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

class FocalBce final : public EachLabelLoss {
 public:
  FocalBce(const FocalBceOptions& own, const LabelOptions& shared, const LossFacts& facts)
      : EachLabelLoss(shared, facts),
        gamma_(own.gamma),
        positive_(own.alpha < 0 ? 1 : own.alpha),
        negative_(own.alpha < 0 ? 1 : 1 - own.alpha) {}
  std::string name() const override { return "focal_bce"; }

 protected:
  Cost positive(double z, size_t) const override { return scaled(faded(z, gamma_), positive_, 1); }
  Cost negative(double z, size_t) const override { return scaled(faded(-z, gamma_), negative_, -1); }

 private:
  static Cost scaled(Cost cost, double factor, double sign) {
    return {factor * cost.value, factor * sign * cost.slope};
  }

  double gamma_, positive_, negative_;
};

long double focal_bce_reference(const NaiveItem& item) {
  const long double gamma = item.option("gamma"), alpha = item.option("alpha");
  long double sum = 0;
  for (size_t c = 0; c < item.z.size(); ++c) {
    const long double p = 1 / (1 + std::exp(-item.z[c])), y = item.targets[c];
    if (y < 0) continue;
    sum += item.weights[c] * y * (alpha < 0 ? 1 : alpha) * std::pow(1 - p, gamma) * -std::log(p);
    sum += item.weights[c] * (1 - y) * (alpha < 0 ? 1 : 1 - alpha) * std::pow(p, gamma) * -std::log(1 - p);
  }
  return sum;
}

}  // namespace

void FocalBceOptions::visit(OptionList& list) {
  list.add("gamma", gamma, {.help = "how fast a right answer stops to cost; 0: bce", .min = 0, .max = 20});
  list.add("alpha", alpha, {.help = "share of the positives; negative: no such factor", .min = -1, .max = 1});
}

const LossEntry kFocalBce{
    .name = "focal_bce",
    .fits = TargetKind::labels,
    .summary = "binary cross-entropy that fades where the model is right",
    .formula = "sum_c  y[c] * alpha * (1-p[c])^gamma * -log p[c] + (1-y[c]) * (1-alpha) * p[c]^gamma * -log(1-p[c])",
    .denominator = "known labels times their weights",
    .source = "Lin et al. 2017, arXiv 1708.02002, eq. 4-5; gamma 2 and alpha 0.25 are the paper's",
    .notes = "alpha -1 leaves the factors out, as in some libraries. The paper divides by the positives.",
    .maker = maker_of<FocalBce, FocalBceOptions, LabelOptions>,
    .reference = focal_bce_reference};

}  // namespace attune::losses
