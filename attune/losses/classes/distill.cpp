#include "attune/losses/classes/distill.h"

#include <cmath>

#include "attune/losses/shared/host_items.h"
#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// Softmax of x / temperature and its logarithm, in place of x.
void to_log_probabilities(std::vector<double>& x, double temperature) {
  for (double& value : x) value /= temperature;
  const double log_z = log_sum_exp(x);
  for (double& value : x) value -= log_z;
}

class Distill final : public Loss {
 public:
  Distill(const DistillOptions& own, const NoOptions&, const LossFacts&) : temperature_(own.temperature) {}
  std::string name() const override { return "distill"; }

  double denominator(const Targets& targets) const override {
    return weighed_items(targets, [&](int64_t i) { return answered(targets, i); });
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const int64_t n = input.targets.items();
    const auto k = static_cast<size_t>(input.logits.cols());
    const std::vector<double> logits = rows_on_host(context, input.logits, n);
    std::vector<double> items(static_cast<size_t>(n)),
        gradient(wants_gradient(context, input.logits) ? logits.size() : 0);
    for (int64_t i = 0; i < n; ++i) {
      if (!answered(input.targets, i)) continue;
      const auto at = static_cast<std::ptrdiff_t>(static_cast<size_t>(i) * k);
      std::vector<double> log_p(logits.begin() + at, logits.begin() + at + static_cast<std::ptrdiff_t>(k));
      std::vector<double> log_q(input.targets.teacher.begin() + at,
                                input.targets.teacher.begin() + at + static_cast<std::ptrdiff_t>(k));
      to_log_probabilities(log_p, temperature_), to_log_probabilities(log_q, temperature_);
      for (size_t c = 0; c < k; ++c) {
        const double q = std::exp(log_q[c]);
        items[static_cast<size_t>(i)] += temperature_ * temperature_ * q * (log_q[c] - log_p[c]);
        if (!gradient.empty()) gradient[static_cast<size_t>(at) + c] = temperature_ * (std::exp(log_p[c]) - q);
      }
    }
    return row_term(context, input.targets, put_items(context, "distill", input.logits, items, gradient),
                    denominator(input.targets));
  }

 private:
  static bool answered(const Targets& targets, int64_t item) {
    const int64_t items = targets.items();
    if (targets.teacher.empty()) return false;
    if (!targets.classes.empty() && targets.classes[static_cast<size_t>(item)] == kIgnored) return false;
    const auto k = static_cast<int64_t>(targets.teacher.size()) / items;
    return !std::isnan(targets.teacher[static_cast<size_t>(item * k)]);
  }
  double temperature_;
};

// z comes divided by the temperature.
long double reference(const NaiveItem& item) {
  if (item.teacher.empty() || std::isnan(item.teacher[0])) return 0;
  const long double t = item.option("temperature");
  long double sum_q = 0, sum_p = 0, cost = 0;
  for (size_t k = 0; k < item.z.size(); ++k) sum_q += std::exp(item.teacher[k] / t), sum_p += std::exp(item.z[k]);
  for (size_t k = 0; k < item.z.size(); ++k) {
    const long double q = std::exp(item.teacher[k] / t) / sum_q, p = std::exp(item.z[k]) / sum_p;
    cost += q * std::log(q / p);
  }
  return t * t * cost;
}

long double reference_denominator(const NaiveItem& item) {
  return !item.teacher.empty() && !std::isnan(item.teacher[0]) ? 1 : 0;
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
    .reference = reference,
    .reference_denominator = reference_denominator,
    .teaches = true};

}  // namespace attune::losses
