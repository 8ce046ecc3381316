#include "attune/metrics/catalog.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "attune/base/error.h"
#include "attune/metrics/classification.h"
#include "attune/metrics/multilabel.h"
#include "attune/metrics/regression.h"
#include "attune/metrics/retrieval.h"
#include "attune/metrics/tagging.h"

namespace attune::metrics {
namespace {

TEST(Catalog, SortedAndUnique) {
  const auto metrics = known_metrics();
  for (size_t i = 1; i < metrics.size(); ++i) EXPECT_LT(metrics[i - 1].name, metrics[i].name);
}

// What a task computes and what the catalogue says it reports are the same names ("loss" is the trainer's).
void expect_same_names(std::string_view task, std::vector<std::string> computed) {
  computed.emplace_back("loss");
  std::sort(computed.begin(), computed.end());
  EXPECT_EQ(metric_names(task), computed) << task;
}

TEST(Catalog, NamesWhatTheTasksCompute) {
  expect_same_names("classify", ClassificationStatistics({}, 2, true).names());
  const MultiLabelMeter multilabel(1, 0);
  expect_same_names("multilabel", MultiLabelStatistics(multilabel).names());
  expect_same_names("regress", RegressionStatistics({}).names());
  const TaggingMeter tagging({"O"}, 0);
  expect_same_names("tag", TaggingStatistics(tagging).names());
  // Judged by a corpus or by scored pairs; of these only what an order says.
  std::vector<std::string> embed = RetrievalStatistics({}).names();
  embed.insert(embed.end(), {"pearson", "spearman"});
  expect_same_names("embed", embed);
}

TEST(Catalog, UnknownNameSuggests) {
  try {
    metric_info("acuracy");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(error.message().find("did you mean 'accuracy'"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("entity_f1_strict"), std::string::npos) << "lists what is known";
  }
}

TEST(Catalog, DirectionAndNotANumber) {
  EXPECT_TRUE(is_better("accuracy", 0.9, 0.8));
  EXPECT_FALSE(is_better("accuracy", 0.8, 0.8));
  EXPECT_TRUE(is_better("loss", 0.1, 0.2));
  EXPECT_FALSE(is_better("log_loss", 0.3, 0.2));
  EXPECT_TRUE(is_better("f1", 0.0, NAN));
  EXPECT_FALSE(is_better("f1", NAN, 0.0));
  EXPECT_FALSE(is_better("f1", NAN, NAN));
  EXPECT_THROW(is_better("nothing", 1, 2), Error);
}

TEST(Catalog, EveryTaskHasADefault) {
  for (const char* task : {"classify", "multilabel", "regress", "tag", "embed"}) {
    const std::vector<std::string> names = metric_names(task);
    EXPECT_NE(std::find(names.begin(), names.end(), default_best_metric(task)), names.end()) << task;
  }
}

}  // namespace
}  // namespace attune::metrics
