// A strategy of two passes, R-Drop, around a loss, through the code that takes steps: what train/strategy.h carries. It
// is compiled and exercised here, not shipped.
#include "attune/train/strategy.h"

#include "attune/losses/targets.h"
#include "attune/train/train_step.h"

#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

#include "tests/losses/on_tape.h"
#include "tests/train/golden_bert.h"

namespace attune {
namespace {

using autograd::Context;
using autograd::Tape;
using losses::LossTerm;
using tensor::DType;
using tensor::Tensor;
using losses::log_sum_exp;

std::vector<double> log_softmax(const Tensor& z, int64_t row) {
  std::vector<double> x(z.as<double>() + row * z.cols(), z.as<double>() + (row + 1) * z.cols());
  const double all = log_sum_exp(x);
  for (double& each : x) each -= all;
  return x;
}

// item_i = (KL(p_i | q_i) + KL(q_i | p_i)) / 2 = 1/2 sum_k (p - q)(log p - log q).
Tensor divergence(Context& context, const Tensor& first, const Tensor& second) {
  Tensor items = context.make({first.rows()}, DType::f64);
  for (int64_t i = 0; i < first.rows(); ++i) {
    const auto p = log_softmax(first, i), q = log_softmax(second, i);
    double sum = 0;
    for (size_t k = 0; k < p.size(); ++k) sum += 0.5 * (std::exp(p[k]) - std::exp(q[k])) * (p[k] - q[k]);
    items.as<double>()[i] = sum;
  }
  if (!context.records(first, second)) return items;
  items = context.tape->variable(items);
  context.tape->record("divergence", items, [first, second](Tape& tape, Tensor d_items) {
    const auto one_side = [&](const Tensor& here, const Tensor& there) {
      const Tensor dz = tape.gradient_to_add_to(here);
      for (int64_t i = 0; dz.defined() && i < here.rows(); ++i) {
        const auto p = log_softmax(here, i), q = log_softmax(there, i);
        double kl = 0;
        for (size_t k = 0; k < p.size(); ++k) kl += std::exp(p[k]) * (p[k] - q[k]);
        for (size_t k = 0; k < p.size(); ++k)
          dz.as<double>()[i * here.cols() + static_cast<int64_t>(k)] +=
              d_items.as<double>()[i] * 0.5 * (std::exp(p[k]) * (p[k] - q[k] - kl) + std::exp(p[k]) - std::exp(q[k]));
      }
    };
    one_side(first, second);
    one_side(second, first);
  });
  return items;
}

// R-Drop: Liang et al. 2021, arXiv 2106.14448, equation 4: two passes under different dropout, both losses, and alpha
// times the symmetric divergence of the two predictions.
class RDrop final : public train::Strategy {
 public:
  explicit RDrop(double alpha) : alpha_(alpha) {}
  double run(const train::MicroBatch& micro) const override {
    double sum = 0;
    train::PassResult passes[2];
    for (uint64_t pass = 0; pass < 2; ++pass) {
      micro.context.random.pass = pass;
      passes[pass] = train::forward(micro);
      micro.loss.seed_backward(micro.context, passes[pass].value, micro.denominators);
      sum += micro.loss.total(passes[pass].value, micro.denominators);
    }
    LossTerm agreement{.items = divergence(micro.context, passes[0].output.logits, passes[1].output.logits),
                       .weights = passes[0].value.terms[0].weights,
                       .parts = {}};
    agreement.sum =
        losses::weighted_sum(micro.context, agreement.items, agreement.weights, micro.batch.targets.items());
    losses::seed_backward(micro.context, agreement, alpha_ / micro.denominators[0]);
    micro.context.tape->backward();
    return sum + alpha_ * agreement.sum / micro.denominators[0];
  }

 private:
  double alpha_;
};

// The tiny BERT in f64; objective of one step whose weights stay as they are.
class Strategies : public test::GoldenBert, public testing::Test {
 protected:
  static constexpr float kDropout = 0.2f;
  Strategies() : GoldenBert(test::kVariants[0], test::DType::f64, kDropout), loss_(loss("cross_entropy")) {
    optimizer_ = optim::make_optimizer(model_->parameters(), {});
  }
  double objective(const train::Strategy* strategy, const std::vector<std::vector<int>>& split = {test::kAllRows}) {
    std::vector<tasks::Batch> micro;
    for (const auto& rows : split) micro.push_back(batch(rows, "cross_entropy"));
    train::TrainStep step(*model_, loss_, *optimizer_, *kernels_,
                          {.peak_rate = 0, .clip = 0, .seed = 3, .strategy = strategy});
    return step.run(micro, 0).loss;
  }
  losses::Objective loss_;
  std::unique_ptr<optim::Optimizer> optimizer_;
};

TEST_F(Strategies, OnePassIsTheDefault) {
  const train::OnePass once;
  EXPECT_EQ(objective(&once), objective(nullptr));
}

TEST_F(Strategies, TwoPassesOneObjective) {
  const RDrop both(0), agreeing(4);
  const double apart = objective(&both);
  EXPECT_NE(apart, 2 * objective(nullptr)) << "the second pass draws its own dropout";
  EXPECT_GT(objective(&agreeing), apart + 0.01);
  EXPECT_NEAR(objective(&agreeing, {{0, 1}, {2}, {3, 4}}), objective(&agreeing), 1e-12) << "splits change nothing";
}

TEST_F(Strategies, GradientsAreThoseOfTheWholeObjective) {
  const RDrop agreeing(4);
  constexpr double kStep = 1e-5;
  for (const char* name : {"classifier.weight", "pooler.dense.bias", "encoder.layer.0.output.dense.weight",
                           "embeddings.LayerNorm.weight"}) {
    nn::Parameter* p = model_->parameters().find(name);
    ASSERT_TRUE(p) << name;
    for (int64_t i = 0; i < p->shape.count(); i += std::max<int64_t>(1, p->shape.count() / 7)) {
      double* at = p->value.as<double>() + i;
      const double value = *at;
      *at = value + kStep;
      const double above = objective(&agreeing);
      *at = value - kStep;
      const double below = objective(&agreeing);
      *at = value;
      objective(&agreeing);
      EXPECT_NEAR(p->gradient.as<double>()[i], (above - below) / (2 * kStep), 1e-6) << name << " " << i;
    }
  }
}

}  // namespace
}  // namespace attune
