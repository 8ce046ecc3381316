#include "attune/losses/ordinal/oll.h"

#include <cmath>
#include <limits>

#include "attune/losses/shared/class_loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

class Oll final : public ClassLoss {
 public:
  Oll(const OllOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts), alpha_(own.alpha) {}
  std::string name() const override { return "oll"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    std::vector<double> others(row.log_p.begin(), row.log_p.end());
    double cost = 0;
    for (size_t c = 0; c < row.classes(); ++c) {
      if (c == y) continue;
      const double distance = std::pow(c > y ? static_cast<double>(c - y) : static_cast<double>(y - c), alpha_);
      others[c] = -std::numeric_limits<double>::infinity();
      const double log_rest = log_sum_exp(others);  // log(1 - p_c)
      others[c] = row.log_p[c];
      cost -= log_rest * distance;
      for (size_t k = 0; k < gradient.size(); ++k)
        gradient[k] += share * distance * row.p[c] * (k == c ? 1 : -std::exp(row.log_p[k] - log_rest));
    }
    return cost;
  }

 private:
  double alpha_;
};

long double oll_reference(const NaiveItem& item) {
  long double cost = 0;
  for (size_t c = 0; c < item.z.size(); ++c) {
    const long double distance = std::abs(static_cast<long double>(c) - static_cast<long double>(item.y));
    if (c != item.y) cost -= std::log(1 - item.softmax(c)) * std::pow(distance, item.option("alpha"));
  }
  return cost;
}

}  // namespace

void OllOptions::visit(OptionList& list) {
  list.add("alpha", alpha, {.help = "power of the distance between labels", .min = 0.1, .max = 5});
}

const LossEntry kOll{.name = "oll",
                     .fits = TargetKind::classes,
                     .summary = "ordered classes: wrong labels are pushed away, far ones harder",
                     .formula = "-sum_c log(1 - p[c]) * |y - c|^alpha",
                     .denominator = "class weights of the targets (1 each without)",
                     .source = "Castagnos et al. 2022 (COLING), eq. 5; alpha 1.5 is its best on most sets",
                     .notes = "Equal steps between labels. log(1 - p) is exact where p is near 1.",
                     .maker = maker_of<Oll, OllOptions, ClassOptions>,
                     .reference = oll_reference,
                     .ordered = true};

}  // namespace attune::losses
