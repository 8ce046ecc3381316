#include "attune/losses/labels/zlpr.h"

#include <cmath>

#include "attune/losses/shared/label_loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

class Zlpr final : public LabelLoss {
 public:
  Zlpr(const NoOptions&, const LabelOptions& shared, const LossFacts& facts) : LabelLoss(shared, facts) {}
  std::string name() const override { return "zlpr"; }

 protected:
  bool divides_by_items() const override { return true; }
  double cost(const LabelRow& row, std::span<double> gradient) const override {
    return side(row.z, row.y, gradient, 1) + side(row.z, row.y, gradient, -1);
  }

 private:
  // log(1 + sum_c w_c share_c exp(sign z_c)); sign 1: those that do not hold.
  double side(std::span<const double> z, std::span<const double> y, std::span<double> gradient, double sign) const {
    std::vector<double> terms(z.size() + 1, 0.0);  // the last one is the threshold's
    for (size_t c = 0; c < z.size(); ++c) {
      const double share = y[c] < 0 ? 0 : weight(c) * (sign > 0 ? 1 - y[c] : y[c]);
      terms[c] = share > 0 ? std::log(share) + sign * z[c] : -INFINITY;
    }
    const double all = log_sum_exp(terms);
    for (size_t c = 0; c < gradient.size(); ++c) gradient[c] += sign * std::exp(terms[c] - all);
    return all;
  }
};

long double zlpr_reference(const NaiveItem& item) {
  long double no = 1, yes = 1;
  for (size_t c = 0; c < item.z.size(); ++c) {
    if (item.targets[c] < 0) continue;
    no += item.weights[c] * (1 - item.targets[c]) * std::exp(item.z[c]);
    yes += item.weights[c] * item.targets[c] * std::exp(-item.z[c]);
  }
  return std::log(no) + std::log(yes);
}

long double one_if_known(const NaiveItem& item) {
  for (const long double y : item.targets)
    if (y >= 0) return 1;
  return 0;
}

}  // namespace

const LossEntry kZlpr{.name = "zlpr",
                      .fits = TargetKind::labels,
                      .summary = "labels ranked against a threshold of zero, all at once",
                      .formula = "log(1 + sum_{y[c]=0} exp z[c]) + log(1 + sum_{y[c]=1} exp -z[c])",
                      .denominator = "items",
                      .source = "Su et al. 2022, arXiv 2208.02955, eq. 7",
                      .notes = "Its own threshold is logit 0 (0.5 of attune's sigmoid), not a calibrated probability.",
                      .maker = maker_of<Zlpr, NoOptions, LabelOptions>,
                      .reference = zlpr_reference,
                      .reference_denominator = one_if_known};

}  // namespace attune::losses
