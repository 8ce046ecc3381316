#include "attune/losses/classes/logit_adjusted.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

std::vector<double> log_priors(const LossFacts& facts, double tau) {
  if (std::ssize(facts.counts) != facts.labels)
    fail(ErrorKind::usage, "it is made of the training items by label, which are not known here");
  double all = 1;
  for (const double n : facts.counts) all += n;
  std::vector<double> shift;
  for (const double n : facts.counts)
    shift.push_back(tau * std::log((n + 1.0 / static_cast<double>(facts.labels)) / all));
  return shift;
}

class LogitAdjusted final : public ProbabilityLoss {
 public:
  LogitAdjusted(const LogitAdjustedOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), shift_(log_priors(facts, own.tau)) {}
  std::string name() const override { return "logit_adjusted"; }

 protected:
  std::span<const double> shift() const override { return shift_; }
  Cost of(double, double log_p) const override { return {-log_p, -1}; }

 private:
  std::vector<double> shift_;
};

class BalancedSoftmax final : public ProbabilityLoss {
 public:
  BalancedSoftmax(const NoOptions&, const ClassOptions& shared, const LossFacts& facts)
      : ProbabilityLoss(shared, facts), shift_(log_priors(facts, 1)) {}
  std::string name() const override { return "balanced_softmax"; }

 protected:
  std::span<const double> shift() const override { return shift_; }
  Cost of(double, double log_p) const override { return {-log_p, -1}; }

 private:
  std::vector<double> shift_;
};

// -log of n_y^tau exp z_y over the sum of all, n smoothed.
long double adjusted(const NaiveItem& item, long double tau) {
  const auto scaled = [&](size_t c) {
    return std::pow(item.counts[c] + 1 / static_cast<long double>(item.z.size()), tau) * std::exp(item.z[c]);
  };
  long double sum = 0;
  for (size_t c = 0; c < item.z.size(); ++c) sum += scaled(c);
  return -std::log(scaled(item.y) / sum);
}
long double logit_adjusted_reference(const NaiveItem& item) {
  return adjusted(item, item.option("tau"));
}
long double balanced_reference(const NaiveItem& item) {
  return adjusted(item, 1);
}

}  // namespace

void LogitAdjustedOptions::visit(OptionList& list) {
  list.add("tau", tau, {.help = "how much of the log prior is added; 0: cross-entropy", .min = 0, .max = 10});
}

const LossEntry kLogitAdjusted{
    .name = "logit_adjusted",
    .fits = TargetKind::classes,
    .summary = "cross-entropy with class priors added to the logits in training; for imbalance",
    .formula = "-log softmax(z + tau * log prior)[y]",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Menon et al. 2021, arXiv 2007.07314, eq. 10; tau 1 is the consistent choice",
    .notes = "Do not re-weight as well. Counts are smoothed by one item in all, so no class weighs minus infinity.",
    .maker = maker_of<LogitAdjusted, LogitAdjustedOptions, ClassOptions>,
    .reference = logit_adjusted_reference,
    .needs_counts = true};

const LossEntry kBalancedSoftmax{
    .name = "balanced_softmax",
    .fits = TargetKind::classes,
    .summary = "softmax over n_c exp(z_c) in training; logit_adjusted with tau 1",
    .formula = "-log( n[y] exp z[y] / sum_c n[c] exp z[c] )",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Ren et al. 2020, arXiv 2007.10740, eq. 4",
    .notes = "Equal to logit_adjusted(tau=1), with its smoothed counts; do not re-weight as well.",
    .maker = maker_of<BalancedSoftmax, NoOptions, ClassOptions>,
    .reference = balanced_reference,
    .needs_counts = true};

}  // namespace attune::losses
