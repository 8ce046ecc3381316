#include "attune/losses/ordinal/emd.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class Emd final : public ClassLoss {
 public:
  Emd(const NoOptions&, const ClassOptions& shared, const LossFacts& facts) : ClassLoss(shared, facts) {}
  std::string name() const override { return "emd"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    const size_t last = row.classes() - 1;
    // P_k below the label; P_k - 1 = -(p_{k+1} + ...) from it on, summed from the small end.
    std::vector<double> off(row.classes(), 0.0);
    double sum = 0, cost = 0;
    for (size_t k = 0; k < y; ++k) sum += row.p[k], off[k] = sum;
    sum = 0;
    for (size_t k = last; k > y; --k) sum += row.p[k], off[k - 1] = -sum;
    for (size_t k = 0; k < last; ++k) cost += off[k] * off[k];
    if (gradient.empty()) return cost;
    std::vector<double> slope(row.classes(), 0.0);  // d cost / d p_k = 2 sum_{j >= k} off_j
    for (size_t k = last; k-- > 0;) slope[k] = slope[k + 1] + 2 * off[k];
    double mean = 0;
    for (size_t k = 0; k <= last; ++k) mean += row.p[k] * slope[k];
    for (size_t k = 0; k <= last; ++k) gradient[k] += share * row.p[k] * (slope[k] - mean);
    return cost;
  }
};

long double emd_reference(const NaiveItem& item) {
  long double below = 0, cost = 0;
  for (size_t k = 0; k + 1 < item.z.size(); ++k) {
    below += item.softmax(k);
    const long double off = below - (k >= item.y ? 1 : 0);
    cost += off * off;
  }
  return cost;
}

}  // namespace

const LossEntry kEmd{.name = "emd",
                     .fits = TargetKind::classes,
                     .summary = "ordered classes: how far the answer's mass lies from the label",
                     .formula = "sum_{k<K-1} (p[0] + ... + p[k] - [k >= y])^2",
                     .denominator = "class weights of the targets (1 each without)",
                     .source = "Hou et al. 2016, arXiv 1611.05916, eq. 5; Epstein 1969 (ranked probability score)",
                     .notes = "Equal steps between labels. Bounded, so it starts slowly: mix it with cross_entropy.",
                     .maker = maker_of<Emd, NoOptions, ClassOptions>,
                     .reference = emd_reference,
                     .ordered = true};

}  // namespace attune::losses
