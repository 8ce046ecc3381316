#include "attune/losses/classes/symmetric_ce.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class SymmetricCe final : public ProbabilityLoss {
 public:
  SymmetricCe(const SymmetricCeOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), alpha_(own.alpha), reverse_(own.beta * own.a) {}
  std::string name() const override { return "symmetric_ce"; }

 protected:
  Cost of(double p, double log_p) const override {
    return {-alpha_ * log_p - reverse_ * std::expm1(log_p), -alpha_ - reverse_ * p};
  }

 private:
  double alpha_, reverse_;
};

long double symmetric_ce_reference(const NaiveItem& item) {
  long double reverse = 0;
  for (size_t c = 0; c < item.z.size(); ++c)
    if (c != item.y) reverse += item.softmax(c) * item.option("a");
  return item.option("alpha") * -std::log(item.softmax(item.y)) + item.option("beta") * reverse;
}

}  // namespace

void SymmetricCeOptions::visit(OptionList& list) {
  list.add("alpha", alpha, {.help = "weight of cross-entropy", .min = 0, .max = 1e3});
  list.add("beta", beta, {.help = "weight of its reverse", .min = 0, .max = 1e3});
  list.add("a", a, {.help = "A: what log 0 counts as, with its sign turned", .min = 0, .max = 100});
}

const LossEntry kSymmetricCe{
    .name = "symmetric_ce",
    .fits = TargetKind::classes,
    .summary = "cross-entropy and its bounded reverse, for noisy labels",
    .formula = "alpha * -log p[y] + beta * A * (1 - p[y])",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Wang et al. 2019, arXiv 1908.06112, eq. 5-7; alpha 0.1, beta 1 are its values for 10 classes",
    .notes = "alpha depends on the number of classes: the paper has 6 (and beta 0.1) for 100.",
    .maker = maker_of<SymmetricCe, SymmetricCeOptions, ClassOptions>,
    .reference = symmetric_ce_reference};

}  // namespace attune::losses
