#include "attune/losses/classes/square.h"

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class Square final : public ClassLoss {
 public:
  Square(const SquareOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts), k_(own.k), m_(own.m) {}
  std::string name() const override { return "square"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    const auto classes = static_cast<double>(row.classes());
    double sum = 0;
    for (size_t c = 0; c < row.classes(); ++c) {
      const double scale = c == y ? k_ : 1, off = row.z[c] - (c == y ? m_ : 0);
      sum += scale * off * off / classes;
      if (!gradient.empty()) gradient[c] += share * 2 * scale * off / classes;
    }
    return sum;
  }

 private:
  double k_, m_;
};

long double square_reference(const NaiveItem& item) {
  const long double k = item.option("k"), m = item.option("m");
  long double sum = k * (item.z[item.y] - m) * (item.z[item.y] - m);
  for (size_t c = 0; c < item.z.size(); ++c) sum += c == item.y ? 0 : item.z[c] * item.z[c];
  return sum / static_cast<long double>(item.z.size());
}

}  // namespace

void SquareOptions::visit(OptionList& list) {
  list.add("k", k, {.help = "weight of the right class's logit", .min = 1e-3, .max = 1e4});
  list.add("m", m, {.help = "what the right class's logit should be", .min = 1e-3, .max = 1e4});
}

const LossEntry kSquare{
    .name = "square",
    .fits = TargetKind::classes,
    .summary = "squared error on raw logits",
    .formula = "( k * (z[y] - m)^2 + sum_{c != y} z[c]^2 ) / K",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Hui & Belkin 2021, arXiv 2006.07322, sec. 3; k = m = 1, more for 42 classes and above",
    .notes = "Soft-max of these logits is no probability: rank by it, do not threshold it.",
    .maker = maker_of<Square, SquareOptions, ClassOptions>,
    .reference = square_reference,
    .shifts = false};

}  // namespace attune::losses
