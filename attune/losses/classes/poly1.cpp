#include "attune/losses/classes/poly1.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class Poly1 final : public ProbabilityLoss {
 public:
  Poly1(const Poly1Options& own, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), epsilon_(own.epsilon) {}
  std::string name() const override { return "poly1"; }

 protected:
  Cost of(double p, double log_p) const override { return {-log_p - epsilon_ * std::expm1(log_p), -1 - epsilon_ * p}; }

 private:
  double epsilon_;
};

long double poly1_reference(const NaiveItem& item) {
  const long double p = item.softmax(item.y);
  return -std::log(p) + item.option("epsilon") * (1 - p);
}

}  // namespace

void Poly1Options::visit(OptionList& list) {
  list.add("epsilon", epsilon, {.help = "weight of 1 - p[y]; 0: cross-entropy", .min = -1, .max = 100});
}

const LossEntry kPoly1{.name = "poly1",
                       .fits = TargetKind::classes,
                       .summary = "cross-entropy with the leading term of its series re-weighted",
                       .formula = "-log p[y] + epsilon * (1 - p[y])",
                       .denominator = "class weights of the targets (1 each without)",
                       .source = "Leng et al. 2022, arXiv 2204.12511, eq. 5; epsilon 1 from its ImageNet runs",
                       .notes = "epsilon is the paper's to tune, -1 to 10; Ludwig allows none below 0.",
                       .maker = maker_of<Poly1, Poly1Options, ClassOptions>,
                       .reference = poly1_reference};

}  // namespace attune::losses
