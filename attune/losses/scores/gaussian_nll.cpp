#include "attune/losses/scores/gaussian_nll.h"

#include <cmath>

#include "attune/losses/shared/score_loss.h"

namespace attune::losses {
namespace {

class MeanLink final : public Link {
 public:
  int64_t outputs(int64_t) const override { return 2; }
  void to_logits(std::span<const float> outputs, std::span<float> logits) const override { logits[0] = outputs[0]; }
};

class GaussianNll final : public ScoreLoss {
 public:
  GaussianNll(const GaussianNllOptions& own, const NoOptions&, const LossFacts&) : log_floor_(std::log(own.floor)) {}
  std::string name() const override { return "gaussian_nll"; }
  const Link* link() const override { return &link_; }

 protected:
  double cost(const ScoreRow& row, std::span<double> gradient) const override {
    const auto z = row.z;
    const double log_v = std::max(z[1], log_floor_), off = z[0] - row.y;
    // off^2 / v, in logarithms: neither side alone need be finite
    const double ratio = off == 0 ? 0 : std::exp(2 * std::log(std::abs(off)) - log_v);
    if (!gradient.empty()) {
      gradient[0] = off * std::exp(-log_v);
      gradient[1] = z[1] > log_floor_ ? (1 - ratio) / 2 : 0;
    }
    return (log_v + ratio) / 2;
  }

 private:
  double log_floor_;
  MeanLink link_;
};

long double gaussian_nll_reference(const NaiveItem& item) {
  const long double v = std::max(std::exp(item.z[1]), item.option("floor")), off = item.targets[0] - item.z[0];
  return (std::log(v) + off * off / v) / 2;
}

}  // namespace

void GaussianNllOptions::visit(OptionList& list) {
  list.add("floor", floor, {.help = "least variance", .min = 1e-12, .max = 1e6});
}

const LossEntry kGaussianNll{
    .name = "gaussian_nll",
    .fits = TargetKind::scores,
    .summary = "likelihood of a normal distribution: the model gives a mean and a variance",
    .formula = "( log v + (y - z[0])^2 / v ) / 2,  v = max(exp z[1], floor)",
    .denominator = "items whose target is known",
    .source = "Nix & Weigend 1994; Kendall & Gal 2017, arXiv 1703.04977, eq. 8; floor 1e-6 is PyTorch's eps",
    .notes = "Two outputs. May be below 0. Explains hard items away by a large variance: watch mae too.",
    .maker = maker_of<GaussianNll, GaussianNllOptions, NoOptions>,
    .reference = gaussian_nll_reference};

}  // namespace attune::losses
