#include "attune/metrics/multilabel.h"

#include <cmath>

#include "attune/base/error.h"

#include "tests/metrics/golden.h"

namespace attune::metrics {
namespace {

TEST(MultiLabel, EqualsScikitLearn) {
  const auto cases = golden("multilabel").at("cases");
  ASSERT_GE(cases.size(), 7U);
  for (const auto& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const auto gold = test.at("gold").get<std::vector<std::vector<uint8_t>>>();
    const auto logits = test.at("logits").get<std::vector<std::vector<float>>>();
    MultiLabelMeter meter(static_cast<int>(gold[0].size()), static_cast<int64_t>(gold.size()));
    for (size_t row = gold.size(); row-- > 0;) meter.add(static_cast<int64_t>(row), gold[row], logits[row]);
    std::vector<double> thresholds;
    if (!test.at("thresholds").is_null()) thresholds = test.at("thresholds").get<std::vector<double>>();

    const MultiLabelResult result = summarize(meter, thresholds, {.draws = 0});
    expect_scores(test.at("scores"), result.scores, 1e-12);
    EXPECT_EQ(result.scores.size(), test.at("scores").size());
    ASSERT_EQ(result.table.rows.size(), test.at("table").size());
    for (const ClassRow& row : result.table.rows) expect_row(test.at("table").at(row.label), row.prf, row.count.gold);
    EXPECT_EQ(result.ranks.size(), gold[0].size());
    EXPECT_EQ(result.thresholds.size(), gold[0].size());
  }
}

TEST(MultiLabel, IntervalsHoldTheValue) {
  const auto test = golden("multilabel").at("cases").at(0);
  const auto gold = test.at("gold").get<std::vector<std::vector<uint8_t>>>();
  const auto logits = test.at("logits").get<std::vector<std::vector<float>>>();
  MultiLabelMeter meter(4, 40);
  for (size_t row = 0; row < gold.size(); ++row) meter.add(static_cast<int64_t>(row), gold[row], logits[row]);
  for (const Score& score : summarize(meter, {}, {.draws = 200}).scores) {
    ASSERT_TRUE(score.interval.has_value()) << score.name;
    EXPECT_LT(score.interval->low, score.value) << score.name;
    EXPECT_GT(score.interval->high, score.value) << score.name;
  }
}

TEST(MultiLabel, OneMetricAloneHasTheBitsOfAll) {
  const auto test = golden("multilabel").at("cases").at(0);
  const auto gold = test.at("gold").get<std::vector<std::vector<uint8_t>>>();
  const auto logits = test.at("logits").get<std::vector<std::vector<float>>>();
  MultiLabelMeter meter(4, 40);
  for (size_t row = 0; row < gold.size(); ++row) meter.add(static_cast<int64_t>(row), gold[row], logits[row]);
  const MultiLabelStatistics statistics(meter);
  expect_one_equals_all(statistics);
}

TEST(MultiLabel, ErrorsNameWhatIsWrong) {
  MultiLabelMeter meter(2, 3);
  const uint8_t gold[] = {0, 1};
  const float logits[] = {0.0F, NAN};
  try {
    meter.add(2, gold, logits);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("label 1 in row 2"), std::string::npos) << error.message();
  }
  EXPECT_THROW(meter.gold(), Error);
  const double two[] = {0.5, 0.4}, outside[] = {0.5, 1.0, 0.2};
  EXPECT_THROW(logit_thresholds(two, 3), Error);
  EXPECT_THROW(logit_thresholds(outside, 3), Error);
}

}  // namespace
}  // namespace attune::metrics
