#include "attune/metrics/regression.h"

#include <cmath>

#include "attune/base/error.h"

#include "tests/metrics/golden.h"

namespace attune::metrics {
namespace {

TEST(Regression, EqualsScikitLearnAndScipy) {
  const auto cases = golden("regression").at("cases");
  ASSERT_GE(cases.size(), 7U);
  for (const auto& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const auto gold = test.at("gold").get<std::vector<double>>();
    const auto predicted = test.at("predicted").get<std::vector<double>>();
    RegressionMeter meter(static_cast<int64_t>(gold.size()));
    for (size_t row = gold.size(); row-- > 0;) meter.add(static_cast<int64_t>(row), gold[row], predicted[row]);
    const RegressionResult result = summarize(meter.records(), {.draws = 0});
    expect_scores(test.at("scores"), result.scores, 1e-9);
    EXPECT_EQ(result.scores.size(), test.at("scores").size());
  }
}

TEST(Regression, UndefinedCorrelationIsNullWithItsReason) {
  const ScoreRecord records[] = {{1, 2}, {1, 3}};
  const RegressionResult result = summarize(records);
  EXPECT_TRUE(to_json(result.scores).at("pearson").is_null());
  EXPECT_NE(result.scores.at("pearson").note.find("constant"), std::string::npos);
  EXPECT_FALSE(result.scores.at("pearson").interval.has_value());
  EXPECT_TRUE(result.scores.at("mse").interval.has_value());
}

// The mean of three times 0.1 is not 0.1 in f64: nothing may be divided by what rounding leaves.
TEST(Regression, ConstantGoldThatRoundsBadlyIsConstantAllTheSame) {
  const ScoreRecord records[] = {{0.1, 1}, {0.1, 2}, {0.1, 4}};
  EXPECT_EQ(summarize(records).scores.value("r2"), 0);
}

TEST(Regression, LargestErrorsFirst) {
  const ScoreRecord records[] = {{1, 1.5}, {2, 0}, {3, 3}, {4, 6}};
  EXPECT_EQ(largest_errors(records, 3), (std::vector<int64_t>{1, 3, 0}));
}

TEST(Regression, InfinitePredictionNamesTheRow) {
  RegressionMeter meter(9);
  try {
    meter.add(7, 1, INFINITY);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::numeric);
    EXPECT_NE(error.message().find("row 7"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace attune::metrics
