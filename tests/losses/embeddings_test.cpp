// What the checks of every loss (check_test.cpp) do not see of the losses of embeddings.
#include <cmath>
#include <gtest/gtest.h>

#include "attune/losses/check/trial.h"
#include "attune/losses/language/make_objective.h"

#include "tests/base/expect_error.h"
#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using losses::LossFacts;
using losses::Outcome;
using losses::TargetKind;
using losses::TextRows;

constexpr auto kEmbeddings = TargetKind::embeddings;

// Vectors of two numbers by their angles in degrees, all of length 2.
std::vector<double> at_angles(const std::vector<double>& degrees) {
  std::vector<double> vectors;
  for (const double each : degrees)
    for (const double x : {std::cos(each * M_PI / 180), std::sin(each * M_PI / 180)}) vectors.push_back(2 * x);
  return vectors;
}

// Rows of `texts` texts each.
losses::Batch pairs(const std::vector<double>& degrees, int64_t texts = 2) {
  losses::Batch batch{.columns = 2, .logits = at_angles(degrees), .targets = {}};
  for (int64_t i = 0; i <= std::ssize(degrees); i += texts) batch.targets.sequences.push_back(static_cast<int32_t>(i));
  for (size_t i = 0; i < degrees.size(); ++i) batch.targets.texts.push_back(i);
  return batch;
}

Outcome outcome(const std::string& text, const losses::Batch& batch, const LossFacts& facts) {
  const auto loss = losses::make_loss(text, kEmbeddings, facts);
  return losses::try_loss(*loss, batch, losses::Precision::f64);
}

double cosine(double degrees) {
  return std::cos(degrees * M_PI / 180);
}

TEST(InfoNce, IsCrossEntropyOverTheBatchsPositives) {
  const losses::Batch batch = pairs({0, 10, 90, 120});
  const auto cost = [](double own, double other) { return std::log1p(std::exp(2 * (other - own))); };
  const Outcome there = outcome("info_nce(temperature=0.5)", batch, {.texts = TextRows::pairs});
  EXPECT_NEAR(there.items[0], cost(cosine(10), cosine(120)), 1e-12);
  EXPECT_NEAR(there.items[1], cost(cosine(30), cosine(80)), 1e-12);
  EXPECT_EQ(there.denominator, 2);
  const Outcome both = outcome("info_nce(temperature=0.5, symmetric=true)", batch, {.texts = TextRows::pairs});
  EXPECT_NEAR(both.items[0], (cost(cosine(10), cosine(120)) + cost(cosine(10), cosine(80))) / 2, 1e-12);
}

// What an anchor costs with T = 1 among positives and negatives at these angles from it, its own positive the first.
double among(const std::vector<double>& angles) {
  double sum = 0;
  for (const double each : angles) sum += std::exp(cosine(each) - cosine(angles[0]));
  return std::log(sum);
}

LossFacts facts_of(TextRows rows, bool negatives = false) {
  LossFacts facts;
  facts.texts = rows, facts.negatives = negatives;
  return facts;
}
const LossFacts kPairs = facts_of(TextRows::pairs), kTriplets = facts_of(TextRows::pairs, true);

TEST(InfoNce, LeavesOutFalseNegatives) {
  const auto first = [](const losses::Batch& batch, const char* more = "") {
    return outcome(fmt::format("info_nce(temperature=1{})", more), batch, kPairs).items[0];
  };
  losses::Batch batch = pairs({0, 10, 90, 120, 200, 250});
  EXPECT_NEAR(first(batch), among({10, 120, 250}), 1e-12);
  // another row's positive is this row's positive, or its anchor
  batch.targets.texts = {0, 1, 2, 1, 4, 5};
  EXPECT_NEAR(first(batch), among({10, 250}), 1e-12);
  EXPECT_NEAR(first(batch, ", duplicates=keep"), among({10, 120, 250}), 1e-12);
  batch.targets.texts = {0, 1, 2, 0, 4, 5};
  EXPECT_NEAR(first(batch), among({10, 250}), 1e-12);
  // another row's anchor is this row's: its positive is one of this row's too
  batch.targets.texts = {0, 1, 0, 3, 4, 5};
  EXPECT_NEAR(first(batch), among({10, 250}), 1e-12);
  // the anchor of another row is this row's positive: only the way back minds
  batch.targets.texts = {0, 1, 1, 3, 4, 5};
  EXPECT_NEAR(first(batch), among({10, 120, 250}), 1e-12);
  EXPECT_NEAR(first(batch, ", symmetric=true"), (among({10, 120, 250}) + among({10, 190})) / 2, 1e-12);
  // the way back: another row's positive is this row's, so its anchor belongs to it too
  batch.targets.texts = {0, 1, 2, 1, 4, 5};
  EXPECT_NEAR(first(batch, ", symmetric=true"), (among({10, 250}) + among({10, 190})) / 2, 1e-12);
  batch.targets.texts = {};  // not known: all differ
  EXPECT_NEAR(first(batch), among({10, 120, 250}), 1e-12);
}

TEST(InfoNce, OwnNegativesStay) {
  losses::Batch batch = pairs({0, 10, 70, 90, 120, 300}, 3);
  const auto first = [&](const char* text) { return outcome(text, batch, kTriplets).items[0]; };
  EXPECT_NEAR(first("info_nce(temperature=1)"), among({10, 70, 120, 300}), 1e-12);
  batch.targets.texts = {0, 1, 1, 3, 4, 0};  // its own negative is its positive's text, the other row's its anchor's
  EXPECT_NEAR(first("info_nce(temperature=1)"), among({10, 70, 120}), 1e-12);
  // negatives are no anchors
  EXPECT_NEAR(first("info_nce(temperature=1, symmetric=true)"), (among({10, 70, 120}) + among({10, 80})) / 2, 1e-12);
}

// The cosine of a vector without length is 0, and none of it is learned.
TEST(InfoNce, VectorWithoutLength) {
  losses::Batch batch = pairs({0, 10, 90, 120});
  batch.logits[0] = batch.logits[1] = 0;
  const Outcome got = outcome("info_nce(temperature=1)", batch, kPairs);
  EXPECT_NEAR(got.items[0], std::log(2), 1e-12);
  EXPECT_EQ(got.d_logits[0], 0);
  EXPECT_EQ(got.d_logits[1], 0);
}

TEST(InfoNce, OneRowAlone) {
  const Outcome alone = outcome("info_nce", pairs({0, 70}), kPairs);
  EXPECT_EQ(alone.items[0], 0);
  EXPECT_EQ(alone.denominator, 1);
  for (const double d : alone.d_logits) EXPECT_EQ(d, 0);
}

// Odd sizes, in f32 as training runs it: against f64.
TEST(InfoNce, OfManyRows) {
  std::vector<double> degrees;
  for (int i = 0; i < 2 * 83; ++i) degrees.push_back(i * 37 % 360 + i * 0.01);
  const losses::Batch batch = pairs(degrees);
  const auto loss = losses::make_loss("info_nce(symmetric=true)", kEmbeddings, kPairs);
  const Outcome wide = losses::try_loss(*loss, batch, losses::Precision::f64);
  const Outcome narrow = losses::try_loss(*loss, batch, losses::Precision::f32);
  EXPECT_NEAR(narrow.sum / wide.sum, 1, 1e-6);
  for (size_t i = 0; i < wide.d_logits.size(); ++i) EXPECT_NEAR(narrow.d_logits[i], wide.d_logits[i], 1e-4) << i;
}

// One text in all: a product of 1 by 1.
TEST(SupCon, OneTextAlone) {
  losses::Batch batch{.columns = 2, .logits = at_angles({40}), .targets = test::classes({0})};
  batch.targets.sequences = {0, 1};
  for (const char* text : {"supcon", "batch_triplet", "batch_triplet(distance=euclidean)"})
    for (const auto precision : {losses::Precision::f32, losses::Precision::f64}) {
      const auto loss = losses::make_loss(text, kEmbeddings, facts_of(TextRows::labelled));
      const Outcome alone = losses::try_loss(*loss, batch, precision);
      EXPECT_EQ(alone.sum, 0);
      EXPECT_EQ(alone.denominator, 0);
      EXPECT_EQ(alone.d_logits, (std::vector<double>{0, 0}));
    }
}

// Beside a loss of classes it reads what the last layer reads, one row an item.
TEST(SupCon, BesideALossOfClasses) {
  const LossFacts facts{.labels = 3};
  const auto objective =
      losses::make_objective("0.7*focal(gamma=2) + 0.3*supcon(temperature=0.1)", TargetKind::classes, facts);
  EXPECT_TRUE(objective.depends_on_batch());
  losses::Batch batch{
      .columns = 3, .logits = {}, .targets = test::classes({0, 2, 0, losses::kIgnored, 2, 1}, {1, 1, 1, 1, 2, 1})};
  for (int i = 0; i < 18; ++i) batch.logits.push_back(std::sin(i * i));
  test::OnTape run;
  autograd::Context context = run.context();
  const auto logits = run.tape().variable(run.matrix(batch.logits, 16, 3));
  const auto features = run.tape().variable(run.matrix(batch.logits, 16, 3));
  const auto value = objective.evaluate(
      context, {.logits = logits, .hidden = {}, .features = features, .targets = batch.targets, .progress = 0});
  batch.targets.sequences = {0, 1, 2, 3, 4, 5, 6};  // the same as an embedding task has it
  const Outcome alone = outcome("supcon", batch, facts_of(TextRows::labelled));
  EXPECT_DOUBLE_EQ(value.terms[1].sum, alone.sum);
  EXPECT_EQ(value.terms[1].denominator, 5);  // 0, 0, 2 and 2 (twice): not the ignored one, nor the only 1
  EXPECT_EQ(alone.denominator, 5);
  objective.seed_backward(context, value, objective.denominators(batch.targets, 0));
  run.tape().backward();
  const std::vector<double> gradient = test::doubles(run.tape().gradient(features));
  for (size_t i = 0; i < gradient.size(); ++i)
    EXPECT_NEAR(gradient[i], i < 18 ? 0.3 * alone.d_logits[i] / 5 : 0, 1e-14) << i;
  EXPECT_TRUE(run.tape().gradient(logits).defined());
}

TEST(BatchTriplet, ChoosesByMining) {
  losses::Batch batch{
      .columns = 2, .logits = at_angles({0, 40, 20, 60, 100}), .targets = test::classes({0, 0, 1, 1, 1})};
  batch.targets.sequences = {0, 1, 2, 3, 4, 5};
  const auto first = [&](const char* mining) {
    const std::string text = fmt::format("batch_triplet(mining={}, distance=cosine, margin=0.5)", mining);
    return outcome(text, batch, facts_of(TextRows::labelled)).items[0];
  };
  const auto hinge = [](double n) { return std::max(0.0, cosine(n) - cosine(40) + 0.5); };
  EXPECT_NEAR(first("hard"), hinge(20), 1e-12);
  EXPECT_NEAR(first("semihard"), hinge(60), 1e-12);
  EXPECT_NEAR(first("all"), (hinge(20) + hinge(60) + hinge(100)) / 3, 1e-12);
  batch.logits = at_angles({0, 40, 20, 30, 10});  // none beyond the positive: the farthest
  EXPECT_NEAR(first("semihard"), hinge(30), 1e-12);
}

// Equal vectors are at distance 0, where its slope is none.
TEST(Triplet, AtDistanceZero) {
  for (const char* distance : {"euclidean", "chord", "cosine"}) {
    losses::Batch batch = pairs({30, 30, 30, 30, 30, 120}, 3);
    const std::string text = fmt::format("triplet(distance={}, margin=9)", distance);
    const Outcome got = outcome(text, batch, kTriplets);
    EXPECT_NEAR(got.items[0], 9, 1e-12) << distance;
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(got.d_logits[static_cast<size_t>(i)], 0, 1e-12) << distance;
    batch.targets.sequences = {0, 1, 2, 3, 4, 5, 6};
    batch.targets.classes = {0, 0, 0, 0, 0, 1};
    const Outcome mined = outcome("batch_" + text, batch, facts_of(TextRows::labelled));
    for (const double d : mined.d_logits) EXPECT_TRUE(std::isfinite(d)) << distance;
  }
}

TEST(CosineMse, ScalesScores) {
  losses::Batch batch = pairs({0, 60, 0, 90});
  batch.targets.values = {5, 1};
  LossFacts facts = facts_of(TextRows::scored);
  const auto sum = [&](const char* text) { return outcome(text, batch, facts).sum; };
  EXPECT_NEAR(sum("cosine_mse"), 4.5 * 4.5 + 1, 1e-9);
  EXPECT_NEAR(sum("cosine_mse(high=5)"), 0.25 + 0.04, 1e-9);
  EXPECT_NEAR(sum("cosine_mse(low=-3, high=5)"), 0.25 + 0.25, 1e-9);
  facts.score_low = 1, facts.score_high = 5;
  EXPECT_NEAR(sum("cosine_mse"), 0.25, 1e-9);
  facts.score_low = 5;
  EXPECT_ERROR(ErrorKind::usage, outcome("cosine_mse", batch, facts), "low must be less than high");
  EXPECT_ERROR(ErrorKind::usage, outcome("cosine_mse(low=2)", batch, facts), "low must be less than high");
}

TEST(EmbeddingLosses, AreRefusedWhereTheyMakeNoSense) {
  const auto refused = [](const std::string& text, const LossFacts& facts, const char* why) {
    EXPECT_ERROR(ErrorKind::usage, losses::make_objective(text, kEmbeddings, facts), why);
  };
  refused("triplet", kPairs, "rows need a third text");
  EXPECT_EQ(losses::make_objective("triplet", kEmbeddings, kTriplets).text(), "triplet");
  refused("cosent", kPairs, "these rows are pairs of texts that belong together");
  refused("info_nce + supcon", kPairs, "it is for texts with a label");
  refused("focal", kPairs, "those that fit: distill_hidden, info_nce, triplet");
  refused("formula: z", kPairs, "compares vectors of several texts");
  refused("r_drop(info_nce)", kPairs, "r_drop compares the answers of two passes");
  refused("info_nce(temperature=0)", kPairs, "temperature");
  refused("info_nce(similarity=cosin)", kPairs, "cosine");
  EXPECT_ERROR(ErrorKind::usage, losses::make_loss("formula: z", kEmbeddings, kPairs), "compares vectors");
  EXPECT_ERROR(ErrorKind::usage, losses::make_objective("supcon", TargetKind::classes, {.labels = 3}),
               "teaches that layer nothing");
  EXPECT_ERROR(ErrorKind::usage, losses::make_objective("cross_entropy + info_nce", TargetKind::classes, {.labels = 3}),
               "it is for embeddings");
  EXPECT_ERROR(ErrorKind::usage,
               losses::make_objective("cross_entropy + supcon", TargetKind::classes, {.labels = 3, .sequences = true}),
               "it is for embeddings");
  EXPECT_ERROR(ErrorKind::usage, losses::make_objective("distill_hidden", TargetKind::scores, {}),
               "add a term that does, as in 'mse + 0.3*distill_hidden'");
  EXPECT_TRUE(losses::make_objective("bce + distill_hidden", TargetKind::labels, {.labels = 3}).reads_teacher());
  // it does not read the last layer, so that layer may be read in any way
  EXPECT_EQ(losses::make_objective("supcon + corn", TargetKind::classes, {.labels = 3}).text(), "supcon + corn");
  EXPECT_EQ(losses::make_objective("fgm(info_nce)", kEmbeddings, kPairs).text(), "fgm(info_nce)");
}

}  // namespace
}  // namespace attune
