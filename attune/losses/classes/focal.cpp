#include "attune/losses/classes/focal.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class Focal final : public ProbabilityLoss {
 public:
  Focal(const FocalOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), gamma_(own.gamma) {}
  std::string name() const override { return "focal"; }

 protected:
  Cost of(double p, double log_p) const override {
    const double rest = -std::expm1(log_p);  // 1 - p
    const double power = std::pow(rest, gamma_);
    const double ratio = rest > 0 ? p * log_p / rest : -1;  // its limit at p = 1
    return {-power * log_p, power * (gamma_ * ratio - 1)};
  }

 private:
  double gamma_;
};

long double focal_reference(const NaiveItem& item) {
  const long double p = item.softmax(item.y);
  return -std::pow(1 - p, item.option("gamma")) * std::log(p);
}

}  // namespace

void FocalOptions::visit(OptionList& list) {
  list.add("gamma", gamma, {.help = "how fast a right answer stops to cost; 0: cross-entropy", .min = 0, .max = 20});
}

const LossEntry kFocal{
    .name = "focal",
    .fits = TargetKind::classes,
    .summary = "cross-entropy that fades where the model is right; for many easy items",
    .formula = "(1 - p[y])^gamma * -log p[y]",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Lin et al. 2017, arXiv 1708.02002, eq. 4-5; gamma 2 is the paper's",
    .notes = "The paper's alpha is weights=[...]. Under-confident where gamma is large: calibrate before thresholds.",
    .maker = maker_of<Focal, FocalOptions, ClassOptions>,
    .reference = focal_reference};

}  // namespace attune::losses
