// The slips of the article this project began with, as arithmetic (docs/article.md): those that are about losses.
#include <cmath>

#include "attune/losses/language/make_objective.h"

#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using losses::TargetKind;
using test::OnTape;

double logit(double p) {
  return std::log(p / (1 - p));
}

test::Evaluated binary(const std::vector<double>& logits, const std::vector<double>& labels) {
  OnTape tape;
  return tape.evaluate(*losses::make_loss("bce", TargetKind::labels, {.labels = 1}), logits, 1, test::values(labels));
}

// -(1/N) sum y log p, as printed there (sections 3.2.1 and 4.1).
double article_loss(const std::vector<double>& p, const std::vector<double>& y) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) sum -= y[i] * std::log(p[i]);
  return sum / static_cast<double>(p.size());
}

// 4.3: label 0, p = 0.2 costs -ln 0.8, not -ln 0.2.
TEST(Article, LabelZeroAtTwentyPercent) {
  EXPECT_NEAR(binary({logit(0.2)}, {0}).loss(), 0.223143551314209755, 1e-12);
  EXPECT_NEAR(binary({logit(0.2)}, {1}).loss(), 1.609437912434100375, 1e-12);
  // The same by a soft-max over two classes.
  OnTape tape;
  const auto two = tape.evaluate(*losses::make_loss("cross_entropy", TargetKind::classes, {.labels = 2}),
                                 {0, logit(0.2)}, 2, test::classes({0}));
  EXPECT_NEAR(two.loss(), 0.223143551314209755, 1e-12);
  // And its own formula gives neither figure.
  EXPECT_EQ(article_loss({0.2}, {0}), 0);
}

TEST(Article, NegativesCostToo) {
  for (const double p : {0.01, 0.2, 0.5, 0.9, 0.999}) {
    EXPECT_NEAR(binary({logit(p)}, {0}).loss(), -std::log(1 - p), 1e-10) << p;
    EXPECT_NEAR(binary({logit(p)}, {1}).loss(), article_loss({p}, {1}), 1e-10) << p;  // positives were right
    EXPECT_EQ(article_loss({p}, {0}), 0) << p;
  }
}

// With the missing term left out, "yes" to everything is perfect.
TEST(Article, AlwaysYesIsNoOptimum) {
  const std::vector<double> labels{1, 0, 0, 1};
  EXPECT_NEAR(article_loss({1, 1, 1, 1}, labels), 0, 1e-15);
  EXPECT_NEAR(binary({40, 40, 40, 40}, labels).loss(), 2 * 40.0 / 4, 1e-10);
  EXPECT_LT(binary({5, -5, -5, 5}, labels).loss(), 0.01);
}

// 4.2: by the logit the gradient is (p - y) / N; the printed -(y / p)(1 - p) / N is neither that nor the one by p.
TEST(Article, GradientIsProbabilityMinusLabel) {
  const std::vector<double> p{0.2, 0.2, 0.9, 0.9};
  const std::vector<double> y{0, 1, 0, 1};
  std::vector<double> z;
  for (const double each : p) z.push_back(logit(each));
  const auto got = binary(z, y);
  for (size_t i = 0; i < p.size(); ++i) {
    const double label = y[i];
    EXPECT_NEAR(got.d_logits[i], (p[i] - label) / 4, 1e-12) << i;
    const double printed = -label / p[i] * (1 - p[i]) / 4;
    EXPECT_GT(std::abs(got.d_logits[i] - printed), 0.002) << i;
    EXPECT_EQ(printed == 0, label == 0) << i;  // a negative would teach nothing
    // By p, from the same loss: dL/dp = dL/dz / (p (1 - p)).
    EXPECT_NEAR(got.d_logits[i] / (p[i] * (1 - p[i])), (label == 1 ? -1 / p[i] : 1 / (1 - p[i])) / 4, 1e-10) << i;
  }
  OnTape tape;
  test::check_gradient(tape, *losses::make_loss("bce", TargetKind::labels, {.labels = 1}), z, 1, test::values(y));
}

// 5.2: a mean of batch means counts the rows of a small last batch more, and changes with the batch size.
TEST(Article, MeanOfMeansIsNoMean) {
  constexpr size_t kRows = 40;
  std::vector<double> logits;
  losses::Targets all;
  for (size_t i = 0; i < kRows; ++i) {
    const double x = std::sin(static_cast<double>(i));
    logits.insert(logits.end(), {x, i < 32 ? 0.0 : 3.0});
    all.classes.push_back(0);
  }
  OnTape tape;
  const auto loss = losses::make_loss("cross_entropy", TargetKind::classes, {.labels = 2});
  const double whole = tape.evaluate(*loss, logits, 2, all).loss();
  for (const size_t size : {7, 16}) {
    double means = 0, sum = 0, denominator = 0, batches = 0;
    for (size_t at = 0; at < kRows; at += size, ++batches) {
      const size_t end = std::min(kRows, at + size);
      const std::vector<double> part(logits.begin() + static_cast<long>(2 * at),
                                     logits.begin() + static_cast<long>(2 * end));
      const auto batch = tape.evaluate(*loss, part, 2, test::classes(std::vector<int32_t>(end - at, 0)));
      means += batch.loss(), sum += batch.sum, denominator += batch.denominator;
    }
    EXPECT_NEAR(sum / denominator, whole, 1e-12) << size;
    EXPECT_GT(std::abs(means / batches - whole), 0.01) << size;
  }
}

// Probabilities would round to 0 here; logits do not.
TEST(Article, FarLogitsStayFinite) {
  EXPECT_EQ(binary({-100}, {1}).loss(), 100);
  EXPECT_EQ(binary({1e30}, {0}).loss(), 1e30);
  EXPECT_NEAR(binary({-100}, {1}).d_logits[0], -1, 1e-15);
}

}  // namespace
}  // namespace attune
