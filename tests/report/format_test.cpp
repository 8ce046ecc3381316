#include "attune/report/format.h"

#include <gtest/gtest.h>

#include "attune/metrics/catalog.h"

namespace attune::report {
namespace {

TEST(Format, Numbers) {
  EXPECT_EQ(count(0), "0");
  EXPECT_EQ(count(999), "999");
  EXPECT_EQ(count(1234567), "1,234,567");
  EXPECT_EQ(count(-1000), "-1,000");
  EXPECT_EQ(plural(1, "row"), "1 row");
  EXPECT_EQ(plural(3080, "row"), "3,080 rows");
  EXPECT_EQ(percent(0.9149, 1), "91.5%");
  EXPECT_EQ(percent(metrics::kUndefined, 1), "-");
  EXPECT_EQ(compact(0.30000000000000004, 6), "0.3");
}

TEST(Format, Seconds) {
  EXPECT_EQ(seconds(0.042), "0.04 s");
  EXPECT_EQ(seconds(12.34), "12.3 s");
  EXPECT_EQ(seconds(125), "2 min 5 s");
  EXPECT_EQ(seconds(7260), "2 h 1 min");
  EXPECT_EQ(seconds(metrics::kUndefined), "-");
}

TEST(Format, SharesInPercentLossesNot) {
  EXPECT_EQ(metric_value("accuracy", 0.91494), "91.49%");
  EXPECT_EQ(metric_value("entity_f1_strict", 1), "100.00%");
  EXPECT_EQ(metric_value("log_loss", 0.43216), "0.4322");
  EXPECT_EQ(metric_value("ece", 0.1), "0.1000");
  EXPECT_EQ(metric_value("auroc", metrics::kUndefined), "undefined");
  EXPECT_EQ(metric_interval("macro_f1", {0.901, 0.9204}), "90.1% to 92.0%");
  EXPECT_EQ(metric_interval("spearman", {0.8, 0.8204}), "0.800 to 0.820");
  EXPECT_EQ(metric_interval("macro_f1", {}), "");
}

TEST(Format, FiguresAtHalfAreTitledByTheirMetric) {
  EXPECT_EQ(metric_title("micro_f1_at_0.5"), "micro F1 at 0.5");
  EXPECT_EQ(metric_title("ndcg_10"), "nDCG at 10");
  EXPECT_EQ(metric_value("micro_f1_at_0.5", 0.5), "50.00%");
}

TEST(Format, EveryMetricHasATitleOfItsOwn) {
  std::vector<std::string> titles;
  for (const auto& info : metrics::known_metrics()) {
    const std::string title = metric_title(info.name);
    EXPECT_EQ(title.find('_'), std::string::npos) << title;
    EXPECT_EQ(std::count(titles.begin(), titles.end(), title), 0) << title;
    titles.push_back(title);
  }
  EXPECT_EQ(metric_title("macro_f1"), "macro F1");
  EXPECT_EQ(metric_title("entity_f1_strict"), "entity F1 (strict)");
}

}  // namespace
}  // namespace attune::report
