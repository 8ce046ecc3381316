#include "attune/losses/classes/bi_tempered.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

double log_t(double x, double t) {
  return t == 1 ? std::log(x) : std::expm1((1 - t) * std::log(x)) / (1 - t);
}

// log of exp_t(x) for x <= 0 and t >= 1, where 1 + (1-t) x is at least 1.
double log_exp_t(double x, double t) {
  return t == 1 ? x : std::log1p((1 - t) * x) / (1 - t);
}

// lambda of sum_c exp_t(z_c - lambda) = 1, t > 1. The sum falls as lambda grows and is convex, so Newton's steps from
// the left never pass the root; rounding may, and the bracket keeps them.
double normalizer(std::span<const double> z, double t) {
  const double most = *std::max_element(z.begin(), z.end());
  double low = most, high = most - log_t(1 / static_cast<double>(z.size()), t);
  double lambda = low;
  for (int step = 0; step < 200 && low < high; ++step) {
    double sum = 0, slope = 0;
    for (const double x : z) {
      const double log_p = log_exp_t(x - lambda, t);
      sum += std::exp(log_p), slope -= std::exp(t * log_p);
    }
    (sum > 1 ? low : high) = lambda;
    const double next = lambda - (sum - 1) / slope;
    const double kept = next > low && next < high ? next : low + (high - low) / 2;
    if (sum == 1 || kept == lambda || kept == low || kept == high) break;
    lambda = kept;
  }
  return lambda;
}

class BiTempered final : public ClassLoss {
 public:
  BiTempered(const BiTemperedOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts), t1_(own.t1), t2_(own.t2) {}
  std::string name() const override { return "bi_tempered"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    return expected_of(row, y, share, gradient, log_probabilities(row));
  }
  double expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const override {
    const std::vector<double> log_p = log_probabilities(row);
    double sum = 0;
    for (size_t c = 0; c < q.size(); ++c)
      if (q[c] != 0) sum += q[c] * expected_of(row, c, q[c], gradient, log_p);
    return sum;
  }

 private:
  std::vector<double> log_probabilities(const ClassRow& row) const {
    std::vector<double> log_p(row.log_p.begin(), row.log_p.end());
    if (t2_ == 1) return log_p;
    const double lambda = normalizer(row.z, t2_);
    for (size_t c = 0; c < log_p.size(); ++c) log_p[c] = log_exp_t(row.z[c] - lambda, t2_);
    return log_p;
  }

  double expected_of(const ClassRow& row, size_t y, double share, std::span<double> gradient,
                     std::span<const double> log_p) const {
    double powers = 0;
    for (const double l : log_p) powers += std::exp((2 - t1_) * l);
    const double value =
        (t1_ == 1 ? -log_p[y] : -std::expm1((1 - t1_) * log_p[y]) / (1 - t1_)) - (1 - powers) / (2 - t1_);
    if (gradient.empty()) return value;
    double escorts = 0, sum = 0;        // sum p^t2, sum p^t2 g
    const auto slope = [&](size_t c) {  // p_c^t2 g_c
      return std::exp((t2_ + 1 - t1_) * log_p[c]) - (c == y ? std::exp((t2_ - t1_) * log_p[c]) : 0);
    };
    for (size_t c = 0; c < row.classes(); ++c) escorts += std::exp(t2_ * log_p[c]), sum += slope(c);
    for (size_t k = 0; k < row.classes(); ++k)
      gradient[k] += share * (slope(k) - std::exp(t2_ * log_p[k]) / escorts * sum);
    return value;
  }

  double t1_, t2_;
};

// The normaliser by halving an interval, the rest as the formula has it.
long double bi_tempered_reference(const NaiveItem& item) {
  const long double t1 = item.option("t1"), t2 = item.option("t2");
  const auto exp_t = [&](long double x) {
    return t2 == 1 ? std::exp(x) : std::pow(std::max(0.0L, 1 + (1 - t2) * x), 1 / (1 - t2));
  };
  const auto naive_log = [&](long double x) { return t1 == 1 ? std::log(x) : (std::pow(x, 1 - t1) - 1) / (1 - t1); };
  long double low = *std::max_element(item.z.begin(), item.z.end()), high = low + 1;
  const auto sum_at = [&](long double lambda) {
    long double sum = 0;
    for (const long double z : item.z) sum += exp_t(z - lambda);
    return sum;
  };
  while (sum_at(high) > 1) high += high - low;
  for (int i = 0; i < 200; ++i) (sum_at((low + high) / 2) > 1 ? low : high) = (low + high) / 2;
  long double powers = 0;
  for (const long double z : item.z) powers += std::pow(exp_t(z - low), 2 - t1);
  return -naive_log(exp_t(item.z[item.y] - low)) - (1 - powers) / (2 - t1);
}

}  // namespace

void BiTemperedOptions::visit(OptionList& list) {
  list.add("t1", t1, {.help = "of the logarithm; below 1: bounded", .min = 0, .max = 1});
  list.add("t2", t2, {.help = "of the soft-max; above 1: heavy tail", .min = 1, .max = 4});
}

const LossEntry kBiTempered{
    .name = "bi_tempered",
    .fits = TargetKind::classes,
    .summary = "bounded logarithm and heavy-tailed soft-max, for noisy labels",
    .formula = "-log_t1 p[y] - (1 - sum_c p[c]^(2-t1)) / (2-t1),  p[c] = exp_t2(z[c] - lambda)",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Amid et al. 2019, arXiv 1906.03361, eq. 4-8; t1 0.8, t2 1.2 are its values for noisy labels",
    .notes = "The normaliser is exact, not a few fixed-point steps. Predictions use the plain soft-max.",
    .maker = maker_of<BiTempered, BiTemperedOptions, ClassOptions>,
    .reference = bi_tempered_reference};

}  // namespace attune::losses
