#include "attune/metrics/retrieval.h"

#include <chrono>
#include <cmath>

#include "attune/base/rng.h"
#include "attune/metrics/ranks.h"

#include "tests/base/expect_error.h"
#include "tests/metrics/golden.h"

namespace attune::metrics {
namespace {

// Queries as tools/metrics_golden.py writes them, ranked by attune.
std::vector<RetrievalRecord> ranked(const nlohmann::json& queries) {
  RetrievalMeter meter(static_cast<int64_t>(queries.size()));
  for (size_t query = queries.size(); query-- > 0;) {
    const auto& one = queries[query];
    const auto gains = one.at("gains").get<std::vector<double>>();
    const auto ranks =
        ranks_of_relevant(one.at("scores").get<std::vector<float>>(), one.at("relevant").get<std::vector<int64_t>>(),
                          one.at("left_out").get<std::vector<int64_t>>());
    EXPECT_EQ(ranks, one.at("ranks").get<std::vector<int64_t>>());
    RetrievalRecord record;
    for (size_t i = 0; i < ranks.size(); ++i) record.relevant.push_back({ranks[i], gains[i]});
    meter.add(static_cast<int64_t>(query), record);
  }
  return meter.records();
}

TEST(Retrieval, EqualsScikitLearnAndAnOrderWrittenOut) {
  const auto cases = golden("retrieval").at("cases");
  ASSERT_GE(cases.size(), 4U);
  for (const auto& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const auto records = ranked(test.at("queries"));
    const RetrievalResult result = summarize(records, 40, {.draws = 0});
    expect_scores(test.at("scores"), result.scores, 1e-12);
    EXPECT_EQ(result.scores.size(), test.at("scores").size());
    EXPECT_EQ(result.queries, static_cast<int64_t>(records.size()));
    EXPECT_EQ(result.documents, 40);
  }
}

// By hand: gain 3 at rank 2, gain 1 at rank 4, gain 2 not among the first ten.
TEST(Retrieval, OneQueryByHand) {
  const RetrievalRecord record{{{20, 2}, {4, 1}, {2, 3}}};
  const Scores scores = summarize({&record, 1}, 100, {.draws = 0}).scores;
  const double reached = 3 / std::log2(3.0) + 1 / std::log2(5.0);
  const double ideal = 3 + 2 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_NEAR(scores.value("ndcg_10"), reached / ideal, 1e-15);
  EXPECT_EQ(scores.value("mrr"), 0.5);
  EXPECT_EQ(scores.value("mrr_10"), 0.5);
  EXPECT_EQ(scores.value("recall_1"), 0);
  EXPECT_NEAR(scores.value("recall_5"), 2.0 / 3, 1e-15);
  EXPECT_NEAR(scores.value("recall_10"), 2.0 / 3, 1e-15);
  EXPECT_NEAR(scores.value("map"), (1.0 / 2 + 2.0 / 4 + 3.0 / 20) / 3, 1e-15);
}

TEST(Retrieval, RankElevenIsBeyondTen) {
  const RetrievalRecord ten{{{10, 1}}}, eleven{{{11, 1}}};
  EXPECT_EQ(summarize({&ten, 1}, 20).scores.value("mrr_10"), 0.1);
  const Scores scores = summarize({&eleven, 1}, 20).scores;
  EXPECT_EQ(scores.value("mrr_10"), 0);
  EXPECT_EQ(scores.value("ndcg_10"), 0);
  EXPECT_EQ(scores.value("mrr"), 1.0 / 11);
}

TEST(Retrieval, AWeightIsAQueryGivenAsOften) {
  const std::vector<RetrievalRecord> records = {{{{1, 1}}}, {{{3, 2}, {7, 1}}}, {{{30, 1}}}};
  const std::vector<RetrievalRecord> repeated = {records[0], records[2], records[2], records[2]};
  const uint32_t weights[] = {1, 0, 3};
  const RetrievalStatistics statistics(records);
  std::vector<double> values(statistics.names().size());
  statistics.evaluate(weights, values);
  const Scores expected = summarize(repeated, 50, {.draws = 0}).scores;
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected.value(statistics.names()[i]), 1e-15) << statistics.names()[i];
}

TEST(Retrieval, NoQueriesIsUndefinedWithItsReason) {
  const RetrievalResult result = summarize(std::vector<RetrievalRecord>{}, 10);
  EXPECT_TRUE(std::isnan(result.scores.value("ndcg_10")));
  EXPECT_FALSE(result.scores.at("ndcg_10").note.empty());
  EXPECT_FALSE(result.scores.at("ndcg_10").interval.has_value());
}

TEST(Retrieval, IntervalsOfManyQueriesAreQuickAndNearTheNormalOnes) {
  std::vector<RetrievalRecord> records(20000);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto rank = 1 + static_cast<int64_t>(random_below(5, static_cast<uint32_t>(i), 20));
    records[i].relevant = {{rank, 1}};
    sum += 1 / static_cast<double>(rank);
    squares += 1 / static_cast<double>(rank * rank);
  }
  const auto begin = std::chrono::steady_clock::now();
  const Score mrr = summarize(records, 20).scores.at("mrr");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  const double n = 20000, mean = sum / n, half = 1.96 * std::sqrt((squares / n - mean * mean) / n);
  EXPECT_NEAR(mrr.value, mean, 1e-12);
  ASSERT_TRUE(mrr.interval.has_value());
  EXPECT_NEAR(mrr.interval->low, mean - half, 0.2 * half);
  EXPECT_NEAR(mrr.interval->high, mean + half, 0.2 * half);
}

TEST(Retrieval, WorstQueriesFirst) {
  const std::vector<RetrievalRecord> records = {
      {{{1, 1}, {90, 1}}}, {{{50, 1}, {7, 1}}}, {{{30, 1}}}, {{{7, 1}, {8, 1}}}};
  EXPECT_EQ(worst_queries(records, 3), (std::vector<int64_t>{2, 1, 3}));
  EXPECT_EQ(worst_queries(records, 9).size(), 4U);
}

TEST(Retrieval, ARecordThatCannotBeIsAttunesFault) {
  RetrievalMeter meter(2);
  EXPECT_ERROR(ErrorKind::internal, meter.add(1, {}), "query 1 has no relevant document");
  EXPECT_ERROR(ErrorKind::internal, meter.add(0, {{{0, 1}}}), "at rank 0");
  EXPECT_ERROR(ErrorKind::internal, meter.add(0, {{{1, 0}}}), "of gain 0");
  EXPECT_ERROR(ErrorKind::internal, meter.add(0, {{{1, INFINITY}}}), "of gain inf");
  EXPECT_ERROR(ErrorKind::internal, meter.add(0, {{{3, 1}, {2, 1}, {3, 2}}}), "two relevant documents at rank 3");
  meter.add(0, {{{1, 1}}});
  EXPECT_ERROR(ErrorKind::internal, meter.records(), "row 1 was not evaluated");
  const RetrievalRecord empty;
  EXPECT_ERROR(ErrorKind::internal, RetrievalStatistics({&empty, 1}), "without a relevant document");
}

}  // namespace
}  // namespace attune::metrics
