// Strategies around a loss, through the code that takes steps: R-Drop's two passes, flooding's turn.
#include "attune/losses/language/make_objective.h"
#include "attune/train/train_step.h"

#include "tests/train/golden_bert.h"

namespace attune {
namespace {

// A tiny BERT in f64; objective of one step whose weights stay as they are.
class Strategies : public test::GoldenBert, public testing::TestWithParam<test::Variant> {
 protected:
  static constexpr float kDropout = 0.2f;
  Strategies() : GoldenBert(GetParam(), test::DType::f64, kDropout) {
    optimizer_ = optim::make_optimizer(model_->parameters(), {});
  }
  losses::Objective objective(const std::string& strategy, const std::string& options = "") {
    const std::string loss = losses::default_loss(variant_.targets);
    return losses::make_objective(strategy.empty() ? loss : strategy + "(" + loss + options + ")", variant_.targets,
                                  {.labels = outputs_});
  }
  double value(const losses::Objective& loss, const std::vector<std::vector<int>>& split = {test::kAllRows}) {
    std::vector<tasks::Batch> micro;
    for (const auto& rows : split) micro.push_back(batch(rows, variant_.losses[0]));
    train::TrainStep step(*model_, loss, *optimizer_, *kernels_, {.peak_rate = 0, .clip = 0, .seed = 3});
    return step.run(micro, 0).loss;
  }
  // Of some elements of parameters near the top, in the middle and at the bottom.
  void check_gradients(const losses::Objective& loss, double sign = 1) {
    constexpr double kStep = 1e-5;
    for (const char* name :
         {"classifier.weight", "encoder.layer.0.output.dense.weight", "embeddings.LayerNorm.weight"}) {
      nn::Parameter* p = model_->parameters().find(name);
      ASSERT_TRUE(p) << name;
      for (int64_t i = 0; i < p->shape.count(); i += std::max<int64_t>(1, p->shape.count() / 7)) {
        double* at = p->value.as<double>() + i;
        const double before = *at;
        *at = before + kStep;
        const double above = value(loss);
        *at = before - kStep;
        const double below = value(loss);
        *at = before;
        value(loss);
        EXPECT_NEAR(p->gradient.as<double>()[i], sign * (above - below) / (2 * kStep), 1e-6) << name << " " << i;
      }
    }
  }
  std::unique_ptr<optim::Optimizer> optimizer_;
};

TEST_P(Strategies, RDropAddsWhatTwoPassesDisagreeIn) {
  const double once = value(objective("")), apart = value(objective("r_drop", ", alpha=0")),
               agreeing = value(objective("r_drop", ", alpha=4"));
  EXPECT_NE(apart, once) << "the second pass draws its own dropout";
  EXPECT_NEAR(apart, once, 0.5 * once) << "a mean of two passes";
  EXPECT_GT(agreeing, apart + 1e-3);
  EXPECT_NEAR(value(objective("r_drop", ", alpha=8")) - agreeing, agreeing - apart, 1e-9) << "alpha weighs it";
}

TEST_P(Strategies, SplitsChangeNothing) {
  const auto agreeing = objective("r_drop", ", alpha=4");
  EXPECT_NEAR(value(agreeing, {{0, 1}, {2}, {3, 4}}), value(agreeing), 1e-12);
}

TEST_P(Strategies, GradientsAreThoseOfTheWholeObjective) {
  check_gradients(objective("r_drop", ", alpha=4"));
}

TEST_P(Strategies, FgmMovesEmbeddingsWhereItCosts) {
  const double plain = value(objective(""));
  EXPECT_NEAR(value(objective("fgm", ", epsilon=0")), plain, 1e-12);
  check_gradients(objective("fgm", ", epsilon=0"));
  // Half of the change of the second pass, which for a small step is epsilon times the gradient's length.
  const double small = value(objective("fgm", ", epsilon=1e-4")) - plain,
               twice = value(objective("fgm", ", epsilon=2e-4")) - plain;
  EXPECT_GT(small, 0);
  EXPECT_NEAR(twice / small, 2, 1e-2);
  const auto loss = objective("fgm", ", epsilon=0.5");
  EXPECT_GT(value(loss), plain + small);
  EXPECT_NEAR(value(loss, {{0, 1}, {2}, {3, 4}}), value(loss), 1e-12) << "by sequence: splits change nothing";
  const auto bias = model_->parameters().find("classifier.bias")->gradient.as<double>()[0];
  value(loss, {{0}, {1, 2, 3}, {4}});
  EXPECT_NEAR(model_->parameters().find("classifier.bias")->gradient.as<double>()[0], bias, 1e-12);
}

TEST_P(Strategies, FloodingTurnsRoundBelowItsLevel) {
  const double plain = value(objective(""));
  EXPECT_EQ(value(objective("flooding", ", level=0")), plain) << "what is logged is the loss itself";
  check_gradients(objective("flooding", ", level=0"));
  check_gradients(objective("flooding", ", level=1000"), -1);
  EXPECT_TRUE(objective("flooding").depends_on_batch());
  EXPECT_FALSE(objective("r_drop").depends_on_batch());
}

TEST_P(Strategies, L2SpDrawsWeightsBackToWhereTheyBegan) {
  const double plain = value(objective(""));
  double others = 0;
  for (const auto& p : model_->parameters().all())
    if (p->options.depth > model_->config().layers)
      for (int64_t i = 0; i < p->shape.count(); ++i) others += std::pow(p->value.as<double>()[i], 2);
  EXPECT_NEAR(value(objective("l2_sp", ", alpha=1, beta=0")), plain, 1e-12) << "nothing has moved yet";
  EXPECT_NEAR(value(objective("l2_sp", ", alpha=0, beta=3")), plain + 1.5 * others, 1e-9);

  // A step set up here, weights moved behind its back, and its gradient beside that without.
  const auto loss = objective("l2_sp", ", alpha=2, beta=0");
  train::TrainStep step(*model_, loss, *optimizer_, *kernels_, {.peak_rate = 0, .clip = 0, .seed = 3});
  nn::Parameter* p = model_->parameters().find("encoder.layer.0.output.dense.weight");
  p->value.as<double>()[5] += 0.25;
  const double moved = value(objective(""));
  const double before = p->gradient.as<double>()[5];
  EXPECT_NEAR(step.run(std::vector{batch(test::kAllRows, variant_.losses[0])}, 0).loss, moved + 0.0625, 1e-12);
  EXPECT_NEAR(p->gradient.as<double>()[5], before + 0.5, 1e-12);
  p->value.as<double>()[5] -= 0.25;
}

INSTANTIATE_TEST_SUITE_P(EachTask, Strategies, testing::ValuesIn(test::kVariants),
                         [](const auto& test) { return std::string(test.param.folder); });

}  // namespace
}  // namespace attune
