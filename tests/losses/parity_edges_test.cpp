// Edges where public implementations and attune part. What theirs does there is in golden/parity/facts.json, made by
// tools/loss_parity_edges.py; docs/loss-parity.md tells of it.
#include "tests/losses/on_tape.h"
#include "tests/losses/parity.h"

namespace attune {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the room's own helpers

class LossEdges : public testing::Test {
 protected:
  // Their value and gradient.
  json theirs(const std::string& fact) const {
    EXPECT_TRUE(facts_.contains(fact)) << fact;
    return facts_[fact];
  }
  static Outcome ours(const std::string& text, losses::TargetKind kind, const LossFacts& facts,
                      std::vector<double> logits, Targets targets) {
    const auto loss = losses::make_loss(text, kind, facts);
    losses::Batch batch{.columns = static_cast<int64_t>(logits.size()) / targets.items(),
                        .logits = std::move(logits),
                        .targets = std::move(targets),
                        .own = {}};
    return losses::try_loss(*loss, batch, losses::Precision::f64);
  }
  static Outcome label(const std::string& text, double z, float y) {
    return ours(text, kLabels, {.labels = 1}, {z}, values({y}));
  }
  static Outcome score(const std::string& text, std::vector<double> z, float y) {
    return ours(text, kScores, {.labels = 1}, std::move(z), values({y}));
  }

 private:
  json facts_ = golden("facts");
};

TEST_F(LossEdges, NothingToLearnFromIsZeroOverZero) {
  const std::vector<double> two{0.5, -1, 2, 1, 0, 0.25};
  for (const char* text : {"cross_entropy", "focal"}) {
    const Outcome none = ours(text, kClasses, {.labels = 3}, two, classes({-100, -100}));
    EXPECT_EQ(none.sum, 0);
    EXPECT_EQ(none.denominator, 0);
    EXPECT_EQ(none.d_logits, std::vector<double>(6));
  }
  EXPECT_EQ(theirs("torch cross_entropy mean, all ignored")["loss"], "nan");
  EXPECT_EQ(theirs("torch cross_entropy sum, all ignored")["loss"], 0);
  EXPECT_EQ(theirs("imbalanced_losses SoftmaxFocalLoss mean, all ignored")["loss"], 0);
  // A batch whose only class weighs 0: PyTorch's gradient is NaN too, and spoils the parameters.
  const Outcome light = ours("cross_entropy(weights=[0,1,1])", kClasses, {.labels = 3}, two, classes({0, 0}));
  EXPECT_EQ(light.denominator, 0);
  EXPECT_EQ(light.d_logits, std::vector<double>(6));
  EXPECT_EQ(theirs("torch cross_entropy mean, the only class weighs 0")["d_logits"][0][0], "nan");
  // Soft targets that are 0 everywhere: PyTorch counts the row.
  const Outcome empty = ours("cross_entropy", kClasses, {.labels = 3}, two, values({0, 0, 0, 0, 0, 0}, 3));
  EXPECT_EQ(empty.sum, 0);
  EXPECT_EQ(empty.denominator, 0);
  EXPECT_EQ(theirs("torch cross_entropy mean, soft targets that are all 0")["loss"], 0);
  EXPECT_EQ(theirs("torch mse_loss mean, no items")["loss"], "nan");
  EXPECT_EQ(theirs("coral_pytorch corn_loss, no items")["loss"], "ZeroDivisionError: float division by zero");
}

TEST_F(LossEdges, UnknownTargets) {
  EXPECT_EQ(theirs("torch mse_loss mean, a target is NaN")["loss"], "nan");
  EXPECT_EQ(score("mse", {1}, NAN).denominator, 0);
  EXPECT_EQ(score("mse", {1}, NAN).sum, 0);
  // PyTorch reads -1 as a number.
  EXPECT_GT(theirs("torch binary_cross_entropy_with_logits, target -1 at logit 2")["loss"], 4);
  EXPECT_EQ(label("bce", 2, -1).sum, 0);
  // coral-pytorch's corn asks nothing of a negative label, so that -100 is ignored there, too.
  const json corn = theirs("coral_pytorch corn_loss, labels -100 and 2");
  const Outcome got = ours("corn", kClasses, {.labels = 5}, {0.5, -1, 2, 1, 1, 0, 0.25, 1}, classes({-100, 2}));
  near(got.sum / got.denominator, corn["loss"].get<double>(), 1e-12, "corn");
  all_near(got.d_logits, flat(corn["d_logits"]), 1 / got.denominator, 1e-12, "corn");
  const json low = theirs("coral_pytorch corn_loss, no item reaches questions 1 to 3");
  const Outcome lowest = ours("corn", kClasses, {.labels = 5}, {0.5, -1, 2, 1, 1, 0, 0.25, 1}, classes({0, 0}));
  near(lowest.sum / 2, low["loss"].get<double>(), 1e-12, "only question 0 is asked");
  EXPECT_EQ(lowest.denominator, 2);
}

TEST_F(LossEdges, FarFromTheTarget) {
  // ASL's logarithms are cut at 1e-8 there: 18.4 at most, and next to no gradient left to learn from.
  const json asl = theirs("timm AsymmetricLossMultiLabel sum, f64, target 1 at logit -50");
  near(asl["loss"].get<double>(), 8 * std::log(10), 1e-7, "cut");
  EXPECT_LT(std::abs(asl["d_logits"][0][0].get<double>()), 1e-20);
  const Outcome missed = label("asymmetric", -50, 1);
  near(missed.sum, 50, 1e-12, "not cut");
  near(missed.d_logits[0], -1, 1e-12, "not cut");
  // A margin of 0.05 keeps the negative's logarithm above the cut in both.
  for (const double z : {50.0, -50.0}) {
    const json negative = theirs(fmt::format("timm AsymmetricLossMultiLabel sum, f64, target 0 at logit {:g}", z));
    near(label("asymmetric", z, 0).sum, negative["loss"].get<double>(), 1e-12, "negative");
  }
  // dlordinal's exponentials: 1e-8 inside the logarithm cuts at 18.4 a class, and they overflow.
  const Targets first = test::classes({0});
  const json cdw = theirs("dlordinal CDWCELoss, logit 40 at a wrong class");
  const Outcome oll = ours("oll(alpha=1)", kClasses, {.labels = 3}, {0, 40, 0}, first);
  EXPECT_GT(std::abs(cdw["loss"].get<double>() - oll.sum), 1);
  EXPECT_EQ(cdw["d_logits"][0][0], -1e8);
  EXPECT_LE(std::abs(oll.d_logits[0]), 1);
  EXPECT_EQ(theirs("dlordinal CDWCELoss, logit 800 at a wrong class")["loss"], "nan");
  EXPECT_TRUE(std::isfinite(ours("oll(alpha=1)", kClasses, {.labels = 3}, {0, 800, 0}, first).sum));
}

TEST_F(LossEdges, AtTheTarget) {
  // Focal with gamma below 1: 0 times an infinite slope.
  EXPECT_EQ(theirs("imbalanced_losses SoftmaxFocalLoss gamma 0.5, p = 1")["d_logits"][0][0], "nan");
  EXPECT_TRUE(std::isfinite(ours("focal(gamma=0.5)", kClasses, {.labels = 2}, {60, -60}, classes({0})).d_logits[0]));
  EXPECT_EQ(theirs("torchvision sigmoid_focal_loss gamma 0.5 no alpha, target 1 at logit 60")["d_logits"][0][0], "nan");
  EXPECT_TRUE(std::isfinite(label("focal_bce(gamma=0.5, alpha=-1)", 60, 1).d_logits[0]));
  // log cosh of a tiny residual: theirs cancels to 0.
  EXPECT_EQ(theirs("toolbelt LogCoshLoss at residual 1e-9")["loss"], 0);
  near(score("log_cosh", {1e-9}, 0).sum, 5e-19, 1e-9, "r^2 / 2");
  EXPECT_EQ(theirs("torch l1_loss at residual 0")["d_logits"][0][0], 0);
  EXPECT_EQ(score("mae", {1}, 1).d_logits[0], 0);
  const json certain = theirs("torch gaussian_nll_loss, log variance -800, residual 0");
  const Outcome sure = score("gaussian_nll", {1, -800}, 1);
  near(sure.sum, certain["loss"].get<double>(), 1e-12, "the floor");
  EXPECT_EQ(sure.d_logits, flat(certain["d_logits"]));
}

TEST_F(LossEdges, TargetsBetweenZeroAndOne) {
  // timm's asymmetric loss: one probability and one exponent from both sides. Ours: the mean of the two sides.
  const double asl = theirs("timm AsymmetricLossMultiLabel sum, target 0.5 at logit 1")["loss"].get<double>();
  const double mean = (label("asymmetric", 1, 1).sum + label("asymmetric", 1, 0).sum) / 2;
  near(label("asymmetric", 1, 0.5F).sum, mean, 1e-12, "mean");
  EXPECT_GT(std::abs(asl - mean), 0.01);
  // timm's zlpr rounds.
  near(theirs("timm ZlprLoss, target 0.75")["loss"].get<double>(), label("zlpr", 1, 1).sum, 1e-12, "rounded");
  EXPECT_GT(label("zlpr", 1, 0.75F).sum, label("zlpr", 1, 1).sum + 0.1);
}

TEST_F(LossEdges, NoLabelHolds) {
  // A label that nothing in the batch has: 0 there; ours still pushes its answers down.
  const json smp = theirs("smp TverskyLoss, a label that no row has");
  EXPECT_EQ(smp["d_logits"][0][1], 0);
  EXPECT_GT(ours("tversky", kLabels, {.labels = 2}, {0.5, 2}, values({1, 0}, 2)).d_logits[1], 0.01);
  // A row without labels has the greatest weight, 1 + alpha, in both.
  const json timm = theirs("timm DistributionBalancedLoss sum, no label holds");
  const auto got = ours("distribution_balanced(mu=0.2, lambda=1, kappa=0, gamma=0)", kLabels,
                        {.labels = 2, .counts = {64, 8}, .items = 512}, {1, -1}, values({0, 0}, 2));
  near(got.sum, timm["loss"].get<double>(), 1e-12, "weights");
  all_near(got.d_logits, flat(timm["d_logits"]), 1, 1e-12, "weights");
}

}  // namespace
}  // namespace attune
