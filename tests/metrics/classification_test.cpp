#include "attune/metrics/classification.h"

#include <cmath>
#include <limits>

#include "attune/base/error.h"

#include "tests/metrics/golden.h"

namespace attune::metrics {
namespace {

ClassificationMeter meter_of(const nlohmann::json& test) {
  const auto gold = test.at("gold").get<std::vector<int32_t>>();
  const auto logits = test.at("logits").get<std::vector<std::vector<float>>>();
  ClassificationMeter meter(static_cast<int>(logits[0].size()), static_cast<int64_t>(gold.size()));
  for (size_t row = gold.size(); row-- > 0;) meter.add(static_cast<int64_t>(row), gold[row], logits[row]);
  return meter;
}

TEST(Classification, EqualsScikitLearn) {
  const auto cases = golden("classification").at("cases");
  ASSERT_GE(cases.size(), 12U);
  for (const auto& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const ClassificationMeter meter = meter_of(test);
    const ClassificationResult result = summarize(meter.records(), meter.classes(), {.draws = 0});
    expect_scores(test.at("scores"), result.scores, 2e-7);  // records hold f32 probabilities
    EXPECT_EQ(result.scores.size(), test.at("scores").size());

    ASSERT_EQ(result.table.rows.size(), test.at("table").size());
    for (const ClassRow& row : result.table.rows) {
      expect_row(test.at("table").at(std::to_string(row.label)), row.prf, row.count.gold);
    }
    nlohmann::json cells = nlohmann::json::array();
    for (const ConfusionCell& cell : result.confusion) cells.push_back({cell.gold, cell.predicted, cell.count});
    EXPECT_EQ(cells, test.at("confusion"));
  }
}

// sklearn.metrics.cohen_kappa_score(gold, predicted, weights="quadratic") gives 0.6486486486486487.
TEST(Classification, GradesInOrder) {
  const std::vector<int32_t> gold{0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 2, 2}, predicted{0, 1, 2, 3, 4, 2, 3, 1, 1, 2, 2, 4};
  std::vector<ClassRecord> records;
  for (size_t i = 0; i < gold.size(); ++i)
    records.push_back({.gold = gold[i], .predicted = predicted[i], .top_probability = 0.5F});
  const auto scores = summarize(records, 5, {.draws = 0}, /*ordered=*/true).scores;
  EXPECT_NEAR(scores.value("quadratic_kappa"), 0.6486486486486487, 1e-12);
  EXPECT_NEAR(scores.value("label_mae"), 7.0 / 12, 1e-12);
  EXPECT_EQ(summarize(records, 5, {.draws = 0}).scores.find("label_mae"), nullptr)
      << "labels without an order have neither";
  const std::vector<ClassRecord> constant(3, ClassRecord{.gold = 2, .predicted = 2, .top_probability = 0.5F});
  EXPECT_TRUE(std::isnan(summarize(constant, 5, {.draws = 0}, true).scores.value("quadratic_kappa")));
}

TEST(Classification, OneMetricAloneHasTheBitsOfAll) {
  std::vector<ClassRecord> records;
  for (int row = 0; row < 30; ++row) {
    const float logits[] = {0.3F, static_cast<float>(row % 7) / 7};
    records.push_back(class_record(row % 3 == 0, logits));
  }
  expect_one_equals_all(ClassificationStatistics(records, 2, true, "cost([[0, 5], [1, 0]])"));
}

TEST(Classification, BinsSumToAllRows) {
  const ClassificationMeter meter = meter_of(golden("classification").at("cases").at(0));
  const ClassificationResult result = summarize(meter.records(), meter.classes(), {.draws = 0});
  int64_t rows = 0;
  for (const CalibrationBin& bin : result.calibration) rows += bin.rows;
  EXPECT_EQ(rows, 60);
  EXPECT_DOUBLE_EQ(expected_calibration_error(result.calibration), result.scores.value("ece"));
}

TEST(Classification, RecordOfLargeLogitsDoesNotOverflow) {
  const float logits[] = {1000.0F, 990.0F, -1000.0F};
  const ClassRecord record = class_record(1, logits);
  EXPECT_EQ(record.predicted, 0);
  EXPECT_NEAR(record.log_prob_gold, -10.0 - std::log1p(std::exp(-10.0)), 1e-6);
  EXPECT_NEAR(record.top_probability, 1 / (1 + std::exp(-10.0)), 1e-7);
  const float masked[] = {0.0F, -std::numeric_limits<float>::infinity()};
  EXPECT_EQ(class_record(0, masked).top_probability, 1.0F);
}

TEST(Classification, TiesGoToTheFirstClass) {
  const float logits[] = {1.0F, 3.0F, 3.0F};
  EXPECT_EQ(class_record(2, logits).predicted, 1);
}

TEST(Classification, NotANumberNamesTheRow) {
  ClassificationMeter meter(2, 5);
  const float logits[] = {1.0F, NAN};
  try {
    meter.add(3, 0, logits);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::numeric);
    EXPECT_NE(std::string(error.what()).find("row 3"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("logit 1"), std::string::npos) << error.what();
  }
}

TEST(Classification, MissingAndRepeatedRowsAreFound) {
  ClassificationMeter meter(2, 2);
  const float logits[] = {1.0F, 0.0F};
  meter.add(0, 0, logits);
  EXPECT_THROW(meter.records(), Error);
  EXPECT_THROW(meter.add(0, 0, logits), Error);
  EXPECT_THROW(meter.add(2, 0, logits), Error);
  meter.add(1, 1, logits);
  EXPECT_EQ(meter.records().size(), 2U);
}

TEST(Classification, NoRowsLeaveEverythingUndefined) {
  const ClassificationResult result = summarize({}, 3);
  for (const Score& score : result.scores) {
    EXPECT_FALSE(score.defined()) << score.name;
    EXPECT_EQ(score.note, "there are no rows");
    EXPECT_FALSE(score.interval.has_value());
  }
  EXPECT_TRUE(result.table.rows.empty());
}

TEST(Classification, ConfidentMistakesComeMostConfidentFirst) {
  std::vector<ClassRecord> records(5);
  records[0] = {.gold = 0, .predicted = 1, .top_probability = 0.6F};
  records[1] = {.gold = 1, .predicted = 1, .top_probability = 0.99F};
  records[2] = {.gold = 2, .predicted = 1, .top_probability = 0.9F};
  records[3] = {.gold = 2, .predicted = 0, .top_probability = 0.6F};
  records[4] = {.gold = 2, .predicted = 0, .top_probability = 0.4F};
  EXPECT_EQ(confident_mistakes(records, 3), (std::vector<int64_t>{2, 0, 3}));
  EXPECT_EQ(correct_rows(records), (std::vector<uint8_t>{0, 1, 0, 0, 0}));
}

}  // namespace
}  // namespace attune::metrics
