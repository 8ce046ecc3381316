#include "attune/report/report.h"

#include <gtest/gtest.h>

namespace attune::report {
namespace {

TEST(Report, HeadlineIsTestElseTheLastSplit) {
  Report report;
  EXPECT_EQ(headline_split(report), nullptr);
  report.splits = {{.name = "test"}, {.name = "dev"}};
  EXPECT_EQ(headline_split(report)->name, "test");
  report.splits = {{.name = "dev"}, {.name = "more"}};
  EXPECT_EQ(headline_split(report)->name, "more");
}

TEST(Report, HeadlineMetricByTask) {
  EXPECT_EQ(headline_metric({.task = "tag"}), "entity_f1");
  EXPECT_EQ(headline_metric({.task = "classify", .headline_metric = "mcc"}), "mcc");
}

TEST(Report, NamesWhatABinaryF1IsOf) {
  Report report{.task = "classify", .labels = {"no", "yes"}};
  report.splits = {{.name = "test"}};
  EXPECT_EQ(positive_class_note(report), "");
  report.splits[0].scores.set("f1", 0.5);
  EXPECT_NE(positive_class_note(report).find("class \"yes\""), std::string::npos);
}

TEST(Report, LabelNamesOutsideTheListAreNumbers) {
  EXPECT_EQ(label_name({"a"}, 0), "a");
  EXPECT_EQ(label_name({"a"}, 3), "label 3");
  EXPECT_EQ(label_name({"a"}, -1), "(none)");
}

}  // namespace
}  // namespace attune::report
