#include "attune/report/verdict.h"

#include <gtest/gtest.h>

namespace attune::report {
namespace {

LadderRow rung(std::string name, double score, metrics::Interval interval, bool tuned = false) {
  return {.name = std::move(name), .score = score, .interval = interval, .seconds = 10, .fine_tuned = tuned};
}

TEST(Verdict, PaysWhereTheIntervalsAreApart) {
  const Verdict verdict =
      judge({.rows = {rung("frozen", 0.80, {0.78, 0.82}), rung("tuned", 0.90, {0.88, 0.92}, true)}});
  EXPECT_EQ(verdict.pays, Pays::yes);
  EXPECT_NE(verdict.text.find("Fine-tuning pays: 10.0 points better than frozen"), std::string::npos) << verdict.text;
}

TEST(Verdict, NotShownWhereTheyOverlap) {
  const Verdict verdict =
      judge({.rows = {rung("frozen", 0.89, {0.87, 0.91}), rung("tuned", 0.90, {0.88, 0.92}, true)}});
  EXPECT_EQ(verdict.pays, Pays::not_shown);
  EXPECT_NE(verdict.text.find("not shown to pay"), std::string::npos) << verdict.text;
}

TEST(Verdict, LowerOrEqualDoesNotPay) {
  const Verdict lower = judge({.rows = {rung("frozen", 0.91, {0.89, 0.93}), rung("tuned", 0.90, {0.88, 0.92}, true)}});
  EXPECT_EQ(lower.pays, Pays::no);
  EXPECT_NE(lower.text.find("1.0 points worse than frozen"), std::string::npos) << lower.text;
  const Verdict equal = judge({.rows = {rung("frozen", 0.9, {0.8, 1}), rung("tuned", 0.9, {0.8, 1}, true)}});
  EXPECT_EQ(equal.pays, Pays::no);
  EXPECT_NE(equal.text.find("as good as frozen"), std::string::npos) << equal.text;
}

TEST(Verdict, ComparesWithTheBestOfTheOthers) {
  const Verdict verdict = judge({.rows = {rung("frozen", 0.85, {0.83, 0.87}), rung("n-grams", 0.70, {0.68, 0.72}),
                                          rung("tuned", 0.80, {0.78, 0.82}, true)}});
  EXPECT_EQ(verdict.pays, Pays::no);
  EXPECT_NE(verdict.text.find("worse than frozen"), std::string::npos) << verdict.text;
}

TEST(Verdict, RowByRowEvidenceIsSharper) {
  // The separate intervals overlap, but the tuned model is right wherever the other is, and on 30 rows more.
  LadderRow frozen = rung("frozen", 0.87, {0.85, 0.89}), tuned = rung("tuned", 0.90, {0.88, 0.92}, true);
  for (int i = 0; i < 1000; ++i) {
    frozen.correct.push_back(i < 870);
    tuned.correct.push_back(i < 900);
  }
  EXPECT_EQ(judge({.rows = {frozen, tuned}}).pays, Pays::yes);
  Ladder other_metric{.metric = "macro_f1", .rows = {frozen, tuned}};
  EXPECT_EQ(judge(other_metric).pays, Pays::not_shown) << "rows say nothing about a macro mean";
}

TEST(Verdict, LossesAreBetterLow) {
  const Verdict verdict =
      judge({.metric = "mse", .rows = {rung("mean", 2.0, {1.9, 2.1}), rung("tuned", 1.0, {0.9, 1.1}, true)}});
  EXPECT_EQ(verdict.pays, Pays::yes);
  EXPECT_NE(verdict.text.find("1.0000 better"), std::string::npos) << verdict.text;
}

TEST(Verdict, NothingToCompare) {
  EXPECT_EQ(judge({}).pays, Pays::unknown);
  EXPECT_EQ(judge({.rows = {rung("tuned", 0.9, {0.8, 1}, true)}}).text, "");
  EXPECT_EQ(judge({.rows = {rung("frozen", metrics::kUndefined, {}), rung("tuned", 0.9, {0.8, 1}, true)}}).text, "");
}

}  // namespace
}  // namespace attune::report
