#include "attune/losses/classes/distill.h"

#include <cmath>

#include "attune/losses/shared/stable.h"
#include "attune/losses/shared/taught_loss.h"

namespace attune::losses {
namespace {

// Softmax of x / temperature and its logarithm, in place of x.
void to_log_probabilities(std::vector<double>& x, double temperature) {
  for (double& value : x) value /= temperature;
  const double log_z = log_sum_exp(x);
  for (double& value : x) value -= log_z;
}

class Distill final : public TaughtLoss {
 public:
  Distill(const DistillOptions& own, const NoOptions&, const LossFacts&) : temperature_(own.temperature) {}
  std::string name() const override { return "distill"; }

 protected:
  double cost(const Row& row, std::span<double> gradient) const override {
    std::vector<double> log_p(row.z.begin(), row.z.end()), log_q(row.v.begin(), row.v.end());
    to_log_probabilities(log_p, temperature_), to_log_probabilities(log_q, temperature_);
    double divergence = 0;
    for (size_t c = 0; c < log_p.size(); ++c) {
      const double q = std::exp(log_q[c]);
      divergence += q * (log_q[c] - log_p[c]);
      if (!gradient.empty()) gradient[c] = temperature_ * (std::exp(log_p[c]) - q);
    }
    return temperature_ * temperature_ * divergence;
  }

 private:
  double temperature_;
};

// z comes divided by the temperature.
long double distill_reference(const NaiveItem& item) {
  if (!is_taught(item)) return 0;
  const long double t = item.option("temperature");
  long double sum_q = 0, sum_p = 0, cost = 0;
  for (size_t k = 0; k < item.z.size(); ++k) sum_q += std::exp(item.teacher[k] / t), sum_p += std::exp(item.z[k]);
  for (size_t k = 0; k < item.z.size(); ++k) {
    const long double q = std::exp(item.teacher[k] / t) / sum_q, p = std::exp(item.z[k]) / sum_p;
    cost += q * std::log(q / p);
  }
  return t * t * cost;
}

}  // namespace

void DistillOptions::visit(OptionList& list) {
  list.add("temperature", temperature, {.help = "of the teacher's and the model's answers", .min = 0.1, .max = 100});
}

const LossEntry kDistill{
    .name = "distill",
    .fits = TargetKind::classes,
    .summary = "divergence from a teacher's answers (--teacher FOLDER)",
    .formula = "T^2 * sum_k q[k] * log(q[k] / p[k]), q = softmax(teacher / T), p = softmax(z / T)",
    .denominator = "items that the teacher answers",
    .source = "Hinton, Vinyals & Dean 2015, arXiv 1503.02531, sec. 2; temperature 2 is common code's",
    .notes =
        "A term beside the labels' own: 0.5*cross_entropy + 0.5*distill. Evaluations have no teacher: it counts for "
        "nothing there.",
    .maker = maker_of<Distill, DistillOptions, NoOptions>,
    .reference = distill_reference,
    .reference_denominator = taught_items,
    .reads_teacher = Teacher::answers};

}  // namespace attune::losses
