// Corrections after training: planted shifts, temperatures and lines are found; formulas by hand; of equals the
// smallest change.
#include "attune/metrics/correction.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "attune/base/rng.h"
#include "attune/metrics/catalog.h"

namespace attune::metrics {
namespace {

constexpr uint64_t kSeed = 20261129;

double normal(uint64_t stream, size_t at) {
  return random_normal(mix_key(kSeed, stream), static_cast<uint32_t>(at));
}

// A class drawn by the row's own probabilities: what a calibrated model of these logits would be right about.
int32_t drawn(std::span<const double> logits, uint64_t stream, size_t at) {
  double all = 0;
  for (const double z : logits) all += std::exp(z);
  double left = all * static_cast<double>(random_unit(mix_key(kSeed, stream), static_cast<uint32_t>(at)));
  for (size_t k = 0; k + 1 < logits.size(); ++k)
    if ((left -= std::exp(logits[k])) < 0) return static_cast<int32_t>(k);
  return static_cast<int32_t>(logits.size()) - 1;
}

// Calibrated answers, of logits with this spread.
ClassAnswers calibrated(int classes, size_t rows, double spread) {
  ClassAnswers answers{.classes = classes, .logits = {}, .gold = {}, .prior = {}};
  const auto k = static_cast<size_t>(classes);
  answers.prior.assign(k, static_cast<double>(rows));
  for (size_t row = 0; row < rows; ++row) {
    for (size_t c = 0; c < k; ++c) answers.logits.push_back(spread * normal(1, row * k + c));
    answers.gold.push_back(drawn(std::span(answers.logits).subspan(row * k, k), 2, row));
  }
  return answers;
}

double accuracy(const ClassAnswers& answers, const Correction& correction) {
  const auto k = static_cast<size_t>(answers.classes);
  double right = 0;
  for (size_t row = 0; row < answers.gold.size(); ++row) {
    std::vector<double> z(answers.logits.begin() + static_cast<std::ptrdiff_t>(row * k),
                          answers.logits.begin() + static_cast<std::ptrdiff_t>((row + 1) * k));
    correction.apply(z);
    right += correction.decision(z) == answers.gold[row];
  }
  return right / static_cast<double>(answers.gold.size());
}

// Trained on classes of 1:10:100 rows, asked about as many of each: what is too much is the logarithm of the prior.
TEST(Correction, PriorOfAPlantedShift) {
  ClassAnswers answers = calibrated(3, 6000, 2);
  const ClassAnswers balanced = answers;
  answers.prior = {99, 999, 9999};
  for (const double tau : {-0.3, 0.4, 1.0}) {
    answers.logits = balanced.logits;
    for (size_t at = 0; at < answers.logits.size(); ++at)
      answers.logits[at] += tau * std::log((answers.prior[at % 3] + 1) / 11100);
    const Correction found = fit_correction("accuracy", answers);
    ASSERT_TRUE(found.helps()) << tau;
    EXPECT_EQ(found.text.substr(0, 10), "prior, tau") << found.text;
    // One tau for all: the shift is its multiple of the logarithm of the share.
    const double got = found.shift[0] / std::log(100 / 11100.0);
    EXPECT_NEAR(got, tau, 0.2001) << "seed " << kSeed;
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(found.shift[k], got * std::log((answers.prior[k] + 1) / 11100), 1e-12);
    EXPECT_NEAR(std::remainder(got, 0.1), 0, 1e-9) << "in tenths";
    EXPECT_GE(accuracy(answers, found), accuracy(balanced, {})) << tau;
    EXPECT_GT(accuracy(answers, found), accuracy(answers, {})) << tau;
  }
}

TEST(Correction, CutOfTwoClasses) {
  ClassAnswers answers = calibrated(2, 4000, 1.5);
  const double before = accuracy(answers, {});
  for (size_t row = 0; row < answers.gold.size(); ++row) answers.logits[2 * row + 1] += 1.2;
  const Correction found = fit_correction("accuracy", answers);
  ASSERT_TRUE(found.helps());
  EXPECT_EQ(found.shift[0], 0);
  EXPECT_NEAR(found.shift[1], 1.2, 0.35) << "seed " << kSeed;
  EXPECT_GE(accuracy(answers, found), before);
  EXPECT_NE(found.text.find("cut: the second class from"), std::string::npos) << found.text;
  // Each side of the cut, exactly.
  std::vector<double> above{0, found.shift[1] + 1e-9}, below{0, found.shift[1] - 1e-9};
  found.apply(above), found.apply(below);
  EXPECT_EQ(found.decision(above), 1);
  EXPECT_EQ(found.decision(below), 0);
}

// The same rows again and again: a correction must also hold on rows that it was not fitted on.
template <class Answers>
Answers often(Answers answers) {
  const Answers once = answers;
  for (int more = 1; more < 6; ++more) {
    answers.logits.insert(answers.logits.end(), once.logits.begin(), once.logits.end());
    answers.gold.insert(answers.gold.end(), once.gold.begin(), once.gold.end());
  }
  return answers;
}

// Four rows by hand: margins -1, 0.5, 1, 3 of the classes 0, 0, 1, 1. Cuts 0.75 and 2 lie between, and 0.75 is right
// of all.
TEST(Correction, CutByHand) {
  const ClassAnswers answers =
      often(ClassAnswers{.classes = 2, .logits = {0, -1, 0, 0.5, 0, 1, 0, 3}, .gold = {0, 0, 1, 1}, .prior = {2, 2}});
  EXPECT_DOUBLE_EQ(fit_correction("f1", answers).shift.at(1), 0.75);
  EXPECT_DOUBLE_EQ(fit_correction("mcc", answers).shift.at(1), 0.75);
}

// As good as each other: the cut that is nearer to none, whatever its sign.
TEST(Correction, OfEqualsTheSmallestChange) {
  // Margins 0.3, 0.5, 2, 2.2 of the classes 0, 1, 0, 1: as it is 2 of 4; cuts of 0.4 and 2.1: 3 of 4 each.
  const ClassAnswers up = often(
      ClassAnswers{.classes = 2, .logits = {0, 0.3, 0, 0.5, 0, 2, 0, 2.2}, .gold = {0, 1, 0, 1}, .prior = {2, 2}});
  EXPECT_DOUBLE_EQ(fit_correction("accuracy", up).shift.at(1), 0.4);
  const ClassAnswers down = often(
      ClassAnswers{.classes = 2, .logits = {0, -2.2, 0, -2, 0, -0.5, 0, -0.3}, .gold = {0, 1, 0, 1}, .prior = {2, 2}});
  EXPECT_DOUBLE_EQ(fit_correction("accuracy", down).shift.at(1), -0.4);
}

TEST(Correction, NothingWhereItIsRightAlready) {
  const ClassAnswers two{.classes = 2, .logits = {0, -1, 0, -2, 0, 1, 0, 3}, .gold = {0, 0, 1, 1}, .prior = {2, 2}};
  for (const char* metric : {"accuracy", "f1", "macro_f1", "mcc"}) {
    const Correction none = fit_correction(metric, two);
    EXPECT_FALSE(none.helps()) << metric << ": " << none.text;
    std::vector<double> z{0.25, -1};
    none.apply(z);
    EXPECT_EQ(z, (std::vector<double>{0.25, -1}));
  }
  const ClassAnswers three{
      .classes = 3, .logits = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .gold = {0, 1, 2}, .prior = {1000, 10, 1}};
  EXPECT_FALSE(fit_correction("accuracy", three).helps());
  EXPECT_FALSE(
      fit_correction("accuracy", ClassAnswers{.classes = 2, .logits = {}, .gold = {}, .prior = {1, 1}}).helps());
}

// Calibrated logits times T: T is found, within 2%, for much too sure and much too unsure models.
TEST(Correction, TemperatureThatWasPlanted) {
  const ClassAnswers true_ones = calibrated(3, 20000, 2.5);
  for (const double temperature : {0.4, 1.0, 2.2, 6.0}) {
    ClassAnswers answers = true_ones;
    for (double& z : answers.logits) z *= temperature;
    for (const char* metric : {"log_loss", "ece"}) {
      const Correction found = fit_correction(metric, answers);
      EXPECT_NEAR(found.temperature, temperature, 0.02 * temperature) << metric << ", seed " << kSeed;
      EXPECT_TRUE(found.shift.empty());
      // Who is answered does not change.
      EXPECT_DOUBLE_EQ(accuracy(answers, found), accuracy(answers, {}));
    }
  }
}

// Two labels and a common cut by hand. Label 0: positives 1, 2 and a negative at 0.5; label 1: positives at -2, -1,
// negatives at -3, -4.
TEST(Correction, LabelCutsAreShrunkToTheCommonOne) {
  LabelAnswers answers{.labels = 2, .logits = {}, .gold = {}};
  const auto add = [&](double first, bool gold_first, double second, bool gold_second) {
    answers.logits.insert(answers.logits.end(), {first, second});
    answers.gold.insert(answers.gold.end(), {gold_first, gold_second});
  };
  for (int i = 0; i < 5; ++i) {
    const double jitter = 1e-3 * i;
    add(1 + jitter, true, -2 + jitter, true);
    add(2 + jitter, true, -1 + jitter, true);
    add(0.5 + jitter, false, -3 + jitter, false);
    add(0.4 + jitter, false, -4 + jitter, false);
  }
  const Correction found = fit_correction("macro_f1", answers);
  ASSERT_TRUE(found.helps());
  EXPECT_EQ(found.text.substr(0, 13), "cuts by label") << found.text;
  // Own cuts: between the highest negative and the lowest positive.
  const double own[] = {0.5 * (0.504 + 1), 0.5 * (-2.996 - 2)};
  const double positives = 10;
  // The common cut: what is left of the first label's when its own pull of 10 positives is taken off.
  const double common = ((positives + 10) * found.shift[0] - positives * own[0]) / 10;
  EXPECT_NEAR(((positives + 10) * found.shift[1] - positives * own[1]) / 10, common, 1e-9) << "one for both";
  // It is one of the midpoints between neighbouring positives that micro decisions of both labels are best with.
  const Correction by_common = fit_correction("micro_f1", answers);
  ASSERT_TRUE(by_common.helps());
  EXPECT_EQ(by_common.shift[0], by_common.shift[1]) << "one cut for all";
  std::vector<double> mids;
  std::vector<double> sorted;
  for (size_t at = 0; at < answers.gold.size(); ++at)
    if (answers.gold[at]) sorted.push_back(answers.logits[at]);
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i + 1 < sorted.size(); ++i) mids.push_back(0.5 * (sorted[i] + sorted[i + 1]));
  mids.push_back(0);  // no common cut helps
  EXPECT_TRUE(std::any_of(mids.begin(), mids.end(), [&](double mid) { return std::abs(mid - common) < 1e-9; }))
      << common;
}

// A label without a positive takes the common cut; cuts are never so far out that their probability is 0 or 1.
TEST(Correction, LabelsWithoutPositivesAndFarOut) {
  LabelAnswers answers{.labels = 3, .logits = {}, .gold = {}};
  for (int i = 0; i < 12; ++i) {
    const bool gold = i % 2 == 0;
    answers.logits.insert(answers.logits.end(), {gold ? 500.0 + i : 300.0 - i, gold ? -0.5 : -3.0, -5.0});
    answers.gold.insert(answers.gold.end(), {gold, gold, 0});
  }
  for (const char* metric : {"macro_f1", "micro_f1", "subset_accuracy", "weighted_f1", "samples_f1"}) {
    const Correction found = fit_correction(metric, answers);
    for (const double cut : found.shift) {
      const double threshold = 1 / (1 + std::exp(-cut));
      EXPECT_GT(threshold, 0) << metric;
      EXPECT_LT(threshold, 1) << metric;
    }
  }
  const Correction found = fit_correction("macro_f1", answers);
  ASSERT_EQ(found.shift.size(), 3U);
  // Label 1: 6 positives, its own cut is -1.75.
  const double common = found.shift[2];
  EXPECT_NEAR(found.shift[1], (6 * -1.75 + 10 * common) / 16, 1e-9);
}

TEST(Correction, ScoresByLeastSquares) {
  ScoreAnswers answers;
  for (size_t i = 0; i < 400; ++i) {
    answers.predicted.push_back(normal(5, i));
    answers.gold.push_back(3 - 2 * answers.predicted.back() + 0.1 * normal(6, i));
  }
  double x = 0, y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < 400; ++i) x += answers.predicted[i] / 400, y += answers.gold[i] / 400;
  for (size_t i = 0; i < 400; ++i) {
    xx += (answers.predicted[i] - x) * (answers.predicted[i] - x);
    xy += (answers.predicted[i] - x) * (answers.gold[i] - y);
  }
  for (const char* metric : {"mse", "rmse", "mae", "r2"}) {
    const Correction line = fit_correction(metric, answers);
    ASSERT_TRUE(line.helps()) << metric;
    EXPECT_NEAR(line.slope, xy / xx, 1e-9);
    EXPECT_NEAR(line.offset, y - xy / xx * x, 1e-9);
    EXPECT_NEAR(line.apply(1.0), 1, 0.05) << "3 - 2";
  }
  EXPECT_FALSE(fit_correction("spearman", answers).helps()) << "ranks are not moved by a line";
  EXPECT_FALSE(fit_correction("pearson", answers).helps());
  EXPECT_FALSE(fit_correction("mse", ScoreAnswers{{1, 2}, {3, 4}}).helps()) << "two rows";
  EXPECT_FALSE(fit_correction("mse", ScoreAnswers{{1, 1, 1}, {3, 4, 5}}).helps()) << "nothing to fit a slope to";
  EXPECT_FALSE(fit_correction("mse", ScoreAnswers{{1, 2, 3}, {1, 2, 3}}).helps()) << "right already";
}

// Grades 0..4: most probable is 0, the median is 1, the mean is 1.55, rounded 2.
TEST(Correction, GradesByMedianAndMean) {
  const std::vector<double> p{0.4, 0.15, 0.1, 0.2, 0.15};
  std::vector<double> z;
  for (const double each : p) z.push_back(std::log(each));
  EXPECT_EQ(Correction{}.decision(z), 0);
  EXPECT_EQ(Correction{.decide = Decide::median}.decision(z), 1);
  EXPECT_EQ(Correction{.decide = Decide::mean}.decision(z), 2);
  ClassAnswers answers{.classes = 5, .ordered = true, .logits = {}, .gold = {}, .prior = {1, 1, 1, 1, 1}};
  for (const int32_t gold : {1, 1, 1, 0, 1})
    answers.logits.insert(answers.logits.end(), z.begin(), z.end()), answers.gold.push_back(gold);
  EXPECT_EQ(fit_correction("label_mae", answers).decide, Decide::median);
  answers.gold = {2, 2, 2, 3, 1};
  EXPECT_EQ(fit_correction("label_mae", answers).decide, Decide::mean);
  answers.gold = {0, 0, 0, 0, 1};
  EXPECT_FALSE(fit_correction("label_mae", answers).helps());
  // Equal values: the median, which is tried first.
  answers.gold = {1, 2, 1, 2};
  answers.logits.resize(20);
  EXPECT_EQ(fit_correction("label_mae", answers).decide, Decide::median);
}

TEST(Correction, MetricsWithoutOneGiveNone) {
  ClassAnswers classes = calibrated(2, 200, 1);
  for (size_t row = 0; row < classes.gold.size(); ++row) classes.logits[2 * row + 1] += 3;
  for (const char* metric : {"auroc", "average_precision", "precision", "recall", "macro_precision", "loss"})
    EXPECT_FALSE(fit_correction(metric, classes).helps()) << metric;
  ASSERT_TRUE(fit_correction("accuracy", classes).helps()) << "or this test could not fail";
  const LabelAnswers labels = often(LabelAnswers{.labels = 1, .logits = {-2, -3, -4, -5}, .gold = {1, 1, 0, 0}});
  for (const char* metric : {"auroc_micro", "micro_precision", "micro_recall", "macro_recall"})
    EXPECT_FALSE(fit_correction(metric, labels).helps()) << metric;
  ASSERT_TRUE(fit_correction("micro_f1", labels).helps());
}

TEST(Correction, WhatServesATask) {
  for (const char* task : {"classify", "multilabel", "regress", "tag"}) {
    const std::vector<std::string> served = corrected_metrics(task), all = metric_names(task);
    EXPECT_FALSE(served.empty());
    for (const std::string& metric : served)
      EXPECT_NE(std::find(all.begin(), all.end(), metric), all.end()) << task << " does not have " << metric;
    for (const char* never : {"precision", "recall", "auroc", "spearman", "label_mae", "quadratic_kappa"})
      EXPECT_EQ(std::find(served.begin(), served.end(), never), served.end()) << task << ": " << never;
  }
  EXPECT_TRUE(corrected_metrics("embed").empty());
}

// The least cut that is best is taken; none where the tags are best as they are, or where folds do not agree.
TEST(Correction, OutsideIsCutAsFarAsItPays) {
  using Cuts = std::array<std::optional<double>, kCorrectionFolds>;
  // The mean over the folds that are there.
  const auto mean_of = [](const std::function<double(size_t, double)>& of) {
    return [of](const Cuts& cuts) {
      double sum = 0, folds = 0;
      for (size_t f = 0; f < cuts.size(); ++f)
        if (cuts[f]) sum += of(f, *cuts[f]), ++folds;
      return sum / folds;
    };
  };
  const auto best_at = [&](double best) {
    return mean_of([best](size_t, double cut) { return cut >= best && cut < best + 0.6 ? 0.9 : 0.5; });
  };
  EXPECT_DOUBLE_EQ(fit_outside("entity_f1", best_at(0.5)).outside, 0.5);
  EXPECT_DOUBLE_EQ(fit_outside("entity_f1_strict", best_at(-1)).outside, -0.5) << "the nearest to 0";
  EXPECT_FALSE(fit_outside("entity_f1", best_at(-0.1)).helps());
  EXPECT_FALSE(fit_outside("entity_recall", best_at(0.5)).helps()) << "recall alone is won by tags everywhere";
  EXPECT_FALSE(fit_outside("entity_f1", [](const Cuts&) { return std::numeric_limits<double>::quiet_NaN(); }).helps());
  // One fold gains, each other loses a little by what it gains: the four others never say so.
  const auto odd = mean_of([](size_t f, double cut) { return cut != 1 ? 0.5 : f == 0 ? 1.0 : 0.45; });
  EXPECT_GT(odd({1, 1, 1, 1, 1}), odd({0, 0, 0, 0, 0})) << "or this test says nothing";
  EXPECT_FALSE(fit_outside("entity_f1", odd).helps());
}

// Of labels drawn by lot some cut always looks better; on rows that it was not fitted on, in half of the cases.
TEST(Correction, WhatOnlyLooksBetterIsNotTaken) {
  int taken = 0;
  constexpr int kDraws = 60;
  for (uint64_t draw = 0; draw < kDraws; ++draw) {
    ClassAnswers answers{.classes = 2, .prior = {50, 50}};
    for (uint32_t row = 0; row < 100; ++row) {
      answers.logits.push_back(0), answers.logits.push_back(random_normal(mix64(draw), row));
      answers.gold.push_back(static_cast<int32_t>(random_below(mix64(draw + 1000), row, 2)));
    }
    taken += fit_correction("accuracy", answers).helps();
  }
  EXPECT_LT(taken, 2 * kDraws / 3);
}

}  // namespace
}  // namespace attune::metrics
