#include "attune/report/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

#include "tests/report/sample_report.h"

namespace attune::report {
namespace {

TEST(Json, MetricsStandAtTheSplitsLevel) {
  const Report report = sample_report();
  const auto json = to_json(report);
  for (const char* split : {"dev", "test"}) {
    ASSERT_TRUE(json.contains(split));
    EXPECT_EQ(json.at(split).at("accuracy"), report.splits[1].scores.value("accuracy"));
    EXPECT_EQ(json.at(split).at("macro_f1"), report.splits[1].scores.value("macro_f1"));
    EXPECT_EQ(json.at(split).at("per_class").size(), 5U);
    EXPECT_EQ(json.at(split).at("calibration").size(), 15U);
    EXPECT_EQ(json.at(split).at("intervals").at("accuracy").size(), 2U);
    EXPECT_EQ(json.at(split).at("truncation").at("rows_cut"), 3);
  }
  int64_t rows = 0;
  for (const auto& cell : json.at("test").at("confusion")) rows += cell.at(2).get<int64_t>();
  EXPECT_EQ(rows, 200);
  EXPECT_EQ(json.at("ladder").at("pays"), "yes");
  EXPECT_EQ(json.at("routing").at("overall").size(), 3U);
  EXPECT_EQ(json.at("data").at("rows"), 200);
  EXPECT_EQ(json.at("curve").size(), 10U);
  EXPECT_EQ(json.at("evaluations").at(1).at("accuracy"), 0.9);
}

TEST(Json, TextParsesAndIsValidUtf8WhateverTheDataHolds) {
  const auto json = nlohmann::json::parse(json_text(sample_report()));
  EXPECT_EQ(json.at("labels").at(1), "意图\x1b[31m\uFFFD");
}

TEST(Json, TextsOnlyWhenAsked) {
  Report report = sample_report();
  EXPECT_EQ(json_text(report).find("SECRET"), std::string::npos);
  report.show_texts = true;
  EXPECT_NE(json_text(report).find("SECRET"), std::string::npos);
}

TEST(Json, UndefinedIsNullWithItsReason) {
  Report report;
  Split split{.name = "test", .rows = 2};
  const metrics::ScoreRecord constant[] = {{1, 2}, {1, 3}};
  split.scores = metrics::summarize(constant).scores;
  report.splits.push_back(split);
  const auto json = to_json(report);
  EXPECT_TRUE(json.at("test").at("pearson").is_null());
  EXPECT_NE(json.at("test").at("undefined").at("pearson").get<std::string>().find("constant"), std::string::npos);
  EXPECT_FALSE(json.at("test").at("undefined").contains("mse"));
}

TEST(Json, TaggingHasItsTables) {
  const auto json = to_json(sample_tagging());
  EXPECT_EQ(json.at("test").at("tokens").at("per_class").at(0).at("label"), "O");
  EXPECT_EQ(json.at("test").at("entities").at("per_class").at(0).at("label"), "PER");
  EXPECT_EQ(json.at("test").at("cut_off_words"), 1);
  EXPECT_DOUBLE_EQ(json.at("test").at("token_accuracy").get<double>(), 0.875);
}

TEST(Json, BrokenDataReportIsOurFault) {
  Report report;
  report.data_json = "{";
  EXPECT_THROW(to_json(report), Error);
}

}  // namespace
}  // namespace attune::report
