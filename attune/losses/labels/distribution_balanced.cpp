#include "attune/losses/labels/distribution_balanced.h"

#include <cmath>
#include <limits>

#include "attune/losses/shared/label_loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {
namespace {

class DistributionBalanced final : public LabelLoss {
 public:
  DistributionBalanced(const DistributionBalancedOptions& own, const LabelOptions& shared, const LossFacts& facts)
      : LabelLoss(shared, facts), own_(own) {
    if (std::ssize(facts.counts) != facts.labels || facts.items <= 0)
      fail(ErrorKind::usage, "it is made of the training items by label, which are not known here");
    for (const double n : facts.counts) {
      inverse_.push_back(1 / (n + 0.5));
      prior_.push_back(-own.kappa * std::log((facts.items + 1) / (n + 0.5) - 1));
    }
  }
  std::string name() const override { return "distribution_balanced"; }

 protected:
  double cost(const LabelRow& row, std::span<double> gradient) const override {
    const auto z = row.z, y = row.y;
    double held = 0;
    for (size_t c = 0; c < z.size(); ++c)
      if (y[c] > 0) held += y[c] * inverse_[c];
    double sum = 0;
    for (size_t c = 0; c < z.size(); ++c) {
      if (y[c] < 0) continue;
      const double r = held > 0 ? inverse_[c] / held : std::numeric_limits<double>::max();
      const double scale = weight(c) * (own_.alpha + sigmoid(own_.beta * (r - own_.mu)));
      const double v = z[c] + prior_[c];
      const CostAt yes = faded(v, own_.gamma), no = faded(-own_.lambda * v, own_.gamma);
      sum += scale * (y[c] * yes.value + (1 - y[c]) / own_.lambda * no.value);
      if (!gradient.empty()) gradient[c] = scale * (y[c] * yes.slope - (1 - y[c]) * no.slope);
    }
    return sum;
  }

 private:
  DistributionBalancedOptions own_;
  std::vector<double> inverse_, prior_;  // [K] 1/n, nu
};

long double distribution_balanced_reference(const NaiveItem& item) {
  const auto sigma = [](long double x) { return 1 / (1 + std::exp(-x)); };
  const long double gamma = item.option("gamma"), lambda = item.option("lambda");
  long double held = 0, sum = 0;
  for (size_t c = 0; c < item.z.size(); ++c)
    held += item.targets[c] > 0 ? item.targets[c] / (item.counts[c] + 0.5L) : 0;
  for (size_t c = 0; c < item.z.size(); ++c) {
    const long double y = item.targets[c], n = item.counts[c] + 0.5L;
    if (y < 0) continue;
    const long double r = held > 0 ? 1 / n / held : std::numeric_limits<long double>::max();
    const long double scale =
        item.weights[c] * (item.option("alpha") + sigma(item.option("beta") * (r - item.option("mu"))));
    const long double v = item.z[c] - item.option("kappa") * std::log((item.items + 1) / n - 1);
    sum += scale * y * std::pow(1 - sigma(v), gamma) * -std::log(sigma(v));
    sum += scale * (1 - y) / lambda * std::pow(sigma(lambda * v), gamma) * -std::log(1 - sigma(lambda * v));
  }
  return sum;
}

}  // namespace

void DistributionBalancedOptions::visit(OptionList& list) {
  list.add("alpha", alpha, {.help = "least weight of a label", .min = 0, .max = 10});
  list.add("beta", beta, {.help = "how steeply weights rise", .min = 0, .max = 1e3});
  list.add("mu", mu, {.help = "where they rise", .min = 0, .max = 1});
  list.add("lambda", lambda, {.help = "how much negatives are spared; 1: not", .min = 0.1, .max = 100});
  list.add("kappa", kappa, {.help = "how much of the log odds of the prior is added to logits", .min = 0, .max = 10});
  list.add("gamma", gamma, {.help = "as focal_bce's", .min = 0, .max = 20});
}

const LossEntry kDistributionBalanced{
    .name = "distribution_balanced",
    .fits = TargetKind::labels,
    .summary = "re-balanced, negative-tolerant focal loss; for a long tail of labels that come together",
    .formula =
        "sum_c r[c] * ( y[c] * (1-s(v))^gamma * -log s(v) + (1-y[c])/lambda * s(lambda v)^gamma * -log(1 - "
        "s(lambda v)) ),  v = z[c] + nu[c]",
    .denominator = "known labels times their weights",
    .source =
        "Wu et al. 2020, arXiv 2007.09654, eq. 4-9; Huang et al. 2021, arXiv 2109.04712; its defaults for Reuters",
    .notes = "mu is to be tuned (0.9 Reuters, 0.05 PubMed). Counts are smoothed by half an item.",
    .maker = maker_of<DistributionBalanced, DistributionBalancedOptions, LabelOptions>,
    .reference = distribution_balanced_reference,
    .needs_counts = true};

}  // namespace attune::losses
