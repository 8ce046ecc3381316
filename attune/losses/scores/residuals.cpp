#include "attune/losses/scores/residuals.h"

#include <cmath>

#include "attune/losses/shared/score_loss.h"

namespace attune::losses {
namespace {

class Mae final : public ResidualLoss {
 public:
  Mae(const NoOptions&, const NoOptions&, const LossFacts&) {}
  std::string name() const override { return "mae"; }

 protected:
  Cost of(double r) const override { return {std::abs(r), r > 0 ? 1.0 : r < 0 ? -1.0 : 0.0}; }
};

class Huber final : public ResidualLoss {
 public:
  Huber(const HuberOptions& own, const NoOptions&, const LossFacts&) : delta_(own.delta) {}
  std::string name() const override { return "huber"; }

 protected:
  Cost of(double r) const override {
    if (std::abs(r) <= delta_) return {r * r / 2, r};
    return {delta_ * (std::abs(r) - delta_ / 2), r > 0 ? delta_ : -delta_};
  }

 private:
  double delta_;
};

class Quantile final : public ResidualLoss {
 public:
  Quantile(const QuantileOptions& own, const NoOptions&, const LossFacts&) : tau_(own.tau) {}
  std::string name() const override { return "quantile"; }

 protected:
  Cost of(double r) const override {
    if (r == 0) return {0, 0};
    return r > 0 ? Cost{(1 - tau_) * r, 1 - tau_} : Cost{-tau_ * r, -tau_};
  }

 private:
  double tau_;
};

class LogCosh final : public ResidualLoss {
 public:
  LogCosh(const NoOptions&, const NoOptions&, const LossFacts&) {}
  std::string name() const override { return "log_cosh"; }

 protected:
  Cost of(double r) const override {
    const double a = std::abs(r);
    // near 0 the three terms cancel; cosh r - 1 = 2 sinh^2(r/2) does not
    if (a < 1) {
      const double s = std::sinh(a / 2);
      return {std::log1p(2 * s * s), std::tanh(r)};
    }
    return {a + std::log1p(std::exp(-2 * a)) - 0.6931471805599453, std::tanh(r)};
  }
};

long double mae(const NaiveItem& item) {
  return std::abs(item.z[0] - item.targets[0]);
}
long double huber(const NaiveItem& item) {
  const long double r = std::abs(item.z[0] - item.targets[0]), delta = item.option("delta");
  return r <= delta ? r * r / 2 : delta * (r - delta / 2);
}
long double quantile(const NaiveItem& item) {
  const long double below = item.targets[0] - item.z[0], tau = item.option("tau");
  return std::max(tau * below, (tau - 1) * below);
}
long double log_cosh(const NaiveItem& item) {
  return std::log(std::cosh(item.z[0] - item.targets[0]));
}

}  // namespace

void HuberOptions::visit(OptionList& list) {
  list.add("delta", delta, {.help = "from here on the cost is linear", .min = 1e-6, .max = 1e6});
}
void QuantileOptions::visit(OptionList& list) {
  list.add("tau", tau, {.help = "which quantile the score becomes", .min = 1e-3, .max = 0.999});
}

const LossEntry kMae{.name = "mae",
                     .fits = TargetKind::scores,
                     .summary = "mean absolute error",
                     .formula = "|z - y|",
                     .denominator = "items whose target is known",
                     .source = "Laplace's; the score becomes the median",
                     .notes = "The slope does not shrink near the target: use a falling rate.",
                     .maker = maker_of<Mae, NoOptions, NoOptions>,
                     .reference = mae};

const LossEntry kHuber{.name = "huber",
                       .fits = TargetKind::scores,
                       .summary = "squared error near the target, absolute error far from it",
                       .formula = "r^2 / 2 if |r| <= delta, else delta * (|r| - delta / 2),  r = z - y",
                       .denominator = "items whose target is known",
                       .source = "Huber 1964 (Ann. Math. Statist. 35), eq. 2; delta 1 is PyTorch's",
                       .notes = "PyTorch's smooth_l1(beta) is huber(delta=beta) / beta. delta is in the score's units.",
                       .maker = maker_of<Huber, HuberOptions, NoOptions>,
                       .reference = huber};

const LossEntry kQuantile{.name = "quantile",
                          .fits = TargetKind::scores,
                          .summary = "pinball loss: the score becomes a quantile",
                          .formula = "max(tau * (y - z), (tau - 1) * (y - z))",
                          .denominator = "items whose target is known",
                          .source = "Koenker & Bassett 1978 (Econometrica 46), eq. 1.2",
                          .notes = "tau 0.5 is half of mae. Models of several tau may cross.",
                          .maker = maker_of<Quantile, QuantileOptions, NoOptions>,
                          .reference = quantile};

const LossEntry kLogCosh{
    .name = "log_cosh",
    .fits = TargetKind::scores,
    .summary = "smooth absolute error",
    .formula = "log cosh(z - y)",
    .denominator = "items whose target is known",
    .source = "Green 1990 (IEEE Trans. Med. Imaging 9); finite form |r| + log1p(exp(-2|r|)) - log 2",
    .notes = "Written with cosh it overflows in f32 from a residual of 89 on.",
    .maker = maker_of<LogCosh, NoOptions, NoOptions>,
    .reference = log_cosh};

}  // namespace attune::losses
