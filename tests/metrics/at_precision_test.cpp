#include "attune/metrics/at_precision.h"

#include <gtest/gtest.h>

#include "attune/base/error.h"
#include "attune/base/rng.h"
#include "attune/metrics/catalog.h"

namespace attune::metrics {
namespace {

// By every cut there is, as the definition has it.
double naive(const AtPrecision& what, const std::vector<ScoredRow>& rows, const std::vector<uint32_t>& weights) {
  double best = 0, whole = 0;
  for (size_t i = 0; i < rows.size(); ++i) whole += (what.coverage || rows[i].hit) ? weights[i] : 0;
  for (const ScoredRow& cut : rows) {
    double taken = 0, hits = 0;
    for (size_t i = 0; i < rows.size(); ++i)
      if (rows[i].score >= cut.score) taken += weights[i], hits += rows[i].hit ? weights[i] : 0;
    if (taken > 0 && hits / taken >= what.precision) best = std::max(best, what.coverage ? taken : hits);
  }
  return whole > 0 ? best / whole : kUndefined;
}

double value(const AtPrecision& what, const std::vector<ScoredRow>& rows, const std::vector<uint32_t>& weights) {
  std::vector<double> values(1);
  AtPrecisionStatistics("m", what, rows).evaluate(weights, values);
  return values[0];
}

TEST(AtPrecision, IsWhatTheDefinitionSays) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<ScoredRow> rows;
    std::vector<uint32_t> weights;
    for (uint64_t i = 0; i < 1 + seed % 30; ++i) {
      const uint64_t key = mix_key(seed, i);
      const double score = static_cast<double>(key % 12) / 12;  // many are equal
      rows.push_back({score, static_cast<double>((key >> 8) % 100) < 20 + 70 * score});
      weights.push_back(static_cast<uint32_t>((key >> 20) % 3));
    }
    for (const double precision : {0.3, 0.5, 0.75, 0.9, 1.0})
      for (const bool coverage : {false, true}) {
        const AtPrecision what{.coverage = coverage, .precision = precision};
        const double expected = naive(what, rows, weights);
        if (std::isnan(expected)) {
          EXPECT_TRUE(std::isnan(value(what, rows, weights)));
        } else {
          EXPECT_DOUBLE_EQ(value(what, rows, weights), expected) << seed << " " << precision << " " << coverage;
        }
      }
  }
}

TEST(AtPrecision, OfFourRows) {
  const std::vector<ScoredRow> rows{{0.9, true}, {0.8, true}, {0.7, false}, {0.6, true}};
  const std::vector<uint32_t> once{1, 1, 1, 1};
  EXPECT_DOUBLE_EQ(value({.precision = 1}, rows, once), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value({.precision = 0.75}, rows, once), 1);
  EXPECT_DOUBLE_EQ(value({.coverage = true, .precision = 0.9}, rows, once), 0.5);
  EXPECT_TRUE(std::isnan(value({.precision = 0.5}, {{0.5, false}}, {1})));
  EXPECT_DOUBLE_EQ(value({.precision = 0.5}, {{0.9, false}, {0.1, true}}, {1, 1}), 1);
  EXPECT_DOUBLE_EQ(value({.precision = 0.6}, {{0.9, false}, {0.1, true}}, {1, 1}), 0) << "no cut reaches it";
}

TEST(AtPrecision, IsWrittenWithItsPrecision) {
  EXPECT_EQ(at_precision_of("recall_at_precision(0.95)").precision, 0.95);
  EXPECT_EQ(at_precision_of("recall_at_precision(0.9, card lost)").label, "card lost");
  EXPECT_TRUE(at_precision_of("coverage_at_precision( 0.9 )").coverage);
  EXPECT_TRUE(reads_probabilities("recall_at_precision(0.95)"));
  EXPECT_TRUE(is_better("coverage_at_precision(0.9)", 0.7, 0.6));
  EXPECT_FALSE(has_unit("coverage_at_precision(0.9)"));
  for (const char* wrong : {"recall_at_precision", "recall_at_precision()", "recall_at_precision(0)",
                            "recall_at_precision(95)", "recall_at_precision(0.9", "coverage_at_precision(0.9, spam)"})
    EXPECT_THROW((metric_info(wrong), at_precision_of(wrong)), Error) << wrong;
}

}  // namespace
}  // namespace attune::metrics
