#include "attune/losses/classes/z_loss.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

class ZLoss final : public ClassLoss {
 public:
  ZLoss(const NoOptions&, const ClassOptions& shared, const LossFacts& facts) : ClassLoss(shared, facts) {}
  std::string name() const override { return "z_loss"; }

 protected:
  double cost(const ClassRow& row, size_t, double share, std::span<double> gradient) const override {
    const double log_z = log_sum_exp(row.z);
    for (size_t k = 0; k < gradient.size(); ++k) gradient[k] += share * 2 * log_z * row.p[k];
    return log_z * log_z;
  }
};

long double z_loss_reference(const NaiveItem& item) {
  long double sum = 0;
  for (const long double z : item.z) sum += std::exp(z);
  return std::log(sum) * std::log(sum);
}

}  // namespace

const LossEntry kZLoss{
    .name = "z_loss",
    .fits = TargetKind::classes,
    .summary = "square of the log-normaliser, a term that keeps logits from drifting",
    .formula = "(log sum_c exp z[c])^2",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Chowdhery et al. 2022, arXiv 2204.02311, sec. 5, with weight 1e-4; Zoph et al. 2022, arXiv 2202.08906",
    .notes = "Alone it teaches no label: cross_entropy + 0.0001*z_loss.",
    .maker = maker_of<ZLoss, NoOptions, ClassOptions>,
    .reference = z_loss_reference,
    .shifts = false};

}  // namespace attune::losses
