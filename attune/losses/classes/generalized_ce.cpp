#include "attune/losses/classes/generalized_ce.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class GeneralizedCe final : public ProbabilityLoss {
 public:
  GeneralizedCe(const GeneralizedCeOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), q_(own.q) {}
  std::string name() const override { return "generalized_ce"; }

 protected:
  Cost of(double, double log_p) const override { return {-std::expm1(q_ * log_p) / q_, -std::exp(q_ * log_p)}; }

 private:
  double q_;
};

long double generalized_ce_reference(const NaiveItem& item) {
  const long double q = item.option("q");
  return (1 - std::pow(item.softmax(item.y), q)) / q;
}

}  // namespace

void GeneralizedCeOptions::visit(OptionList& list) {
  list.add("q", q, {.help = "near 0: cross-entropy; 1: mean absolute error", .min = 1e-3, .max = 1});
}

const LossEntry kGeneralizedCe{
    .name = "generalized_ce",
    .fits = TargetKind::classes,
    .summary = "bounded cost for noisy labels, between cross-entropy and mean absolute error",
    .formula = "(1 - p[y]^q) / q",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Zhang & Sabuncu 2018, arXiv 1805.07836, eq. 6; q 0.7 is the paper's",
    .notes = "Starts slowly with many classes: the gradient is p[y]^q times cross-entropy's.",
    .maker = maker_of<GeneralizedCe, GeneralizedCeOptions, ClassOptions>,
    .reference = generalized_ce_reference};

}  // namespace attune::losses
