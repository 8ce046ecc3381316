// What the checks of every loss (check_test.cpp) do not see of the losses of embeddings.
#include <cmath>
#include <gtest/gtest.h>

#include "attune/losses/check/trial.h"
#include "attune/losses/language/make_objective.h"

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

}  // namespace
}  // namespace attune
