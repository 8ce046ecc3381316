#include "attune/losses/labels/distill_labels.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/stable.h"
#include "attune/losses/shared/taught_loss.h"

namespace attune::losses {
namespace {

class DistillLabels final : public TaughtLoss {
 public:
  DistillLabels(const DistillLabelsOptions& own, const NoOptions&, const LossFacts&) : temperature_(own.temperature) {}
  std::string name() const override { return "distill_labels"; }

 protected:
  double cost(const Row& row, std::span<double> gradient) const override {
    double divergence = 0;
    for (size_t k = 0; k < row.z.size(); ++k) {
      if (row.y[k] < 0) continue;
      const double z = row.z[k] / temperature_, v = row.v[k] / temperature_, q = sigmoid(v);
      // log q - log p = softplus(-z) - softplus(-v), and of what is left the same with the signs turned
      divergence += q * (softplus(-z) - softplus(-v)) + sigmoid(-v) * (softplus(z) - softplus(v));
      if (!gradient.empty()) gradient[k] = temperature_ * (sigmoid(z) - q);
    }
    return temperature_ * temperature_ * divergence;
  }

  double counts(const Targets& targets, int64_t item) const override {
    const auto width = static_cast<std::ptrdiff_t>(targets.width);
    const auto first = targets.values.begin() + static_cast<std::ptrdiff_t>(item) * width;
    return static_cast<double>(std::count_if(first, first + width, [](float y) { return y >= 0; }));
  }

 private:
  double temperature_;
};

// z comes divided by the temperature.
long double distill_labels_reference(const NaiveItem& item) {
  if (!is_taught(item)) return 0;
  const long double t = item.option("temperature");
  const auto probability = [](long double x) { return 1 / (1 + std::exp(-x)); };
  long double cost = 0;
  for (size_t k = 0; k < item.z.size(); ++k) {
    if (item.targets[k] < 0) continue;
    const long double p = probability(item.z[k]), q = probability(item.teacher[k] / t);
    cost += q * std::log(q / p) + (1 - q) * std::log((1 - q) / (1 - p));
  }
  return t * t * cost;
}

long double known_and_taught(const NaiveItem& item) {
  long double known = 0;
  for (const long double y : item.targets) known += y >= 0 ? 1 : 0;
  return is_taught(item) ? known : 0;
}

}  // namespace

void DistillLabelsOptions::visit(OptionList& list) {
  list.add("temperature", temperature, {.help = "of the teacher's and the model's answers", .min = 0.1, .max = 100});
}

const LossEntry kDistillLabels{
    .name = "distill_labels",
    .fits = TargetKind::labels,
    .summary = "divergence from a teacher's answers, label by label (--teacher FOLDER)",
    .formula =
        "T^2 * sum_k ( q[k] log(q[k]/p[k]) + (1-q[k]) log((1-q[k])/(1-p[k])) ), q = sigmoid(teacher/T), p = "
        "sigmoid(z/T)",
    .denominator = "known labels of items that the teacher answers",
    .source =
        "Hinton, Vinyals & Dean 2015, arXiv 1503.02531, sec. 2, of binary choices: Yang et al. 2023, arXiv 2308.06453, "
        "eq. 3; temperature 2 is common code's",
    .notes =
        "A term beside the labels' own: 0.5*bce + 0.5*distill_labels. Evaluations have no teacher: it counts for "
        "nothing there.",
    .maker = maker_of<DistillLabels, DistillLabelsOptions, NoOptions>,
    .reference = distill_labels_reference,
    .reference_denominator = known_and_taught,
    .reads_teacher = Teacher::answers};

}  // namespace attune::losses
