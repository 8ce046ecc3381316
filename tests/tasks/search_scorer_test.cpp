// Rankings of vectors that can be followed by hand.
#include <cmath>
#include <gtest/gtest.h>

#include "attune/tasks/scorer.h"

namespace attune::tasks {
namespace {

using Vectors = std::vector<float>;

data::Dataset rows_of(data::TextShape shape, const std::vector<double>& scores,
                      const std::vector<std::string>& labels = {}) {
  data::Dataset set;
  set.files = {"test.csv"};
  set.shape = shape;
  for (size_t i = 0; i < scores.size(); ++i) {
    data::Example row;
    row.score = scores[i];
    if (!labels.empty()) row.labels = {labels[i]};
    set.examples.push_back(row);
  }
  return set;
}

// Judges rows of vectors in two dimensions, in this order, beside these documents.
Evaluation judged(const data::Dataset& data, const std::vector<Vectors>& rows,
                  const std::vector<Vectors>& documents = {}, ScorerOptions options = {}) {
  const Task& task = task_named("embed");
  const data::Labels none;
  const TargetTable targets(task, none, data, "the data");
  options.width = 2;
  const auto scorer = make_scorer(task, none, targets, options);
  for (const Vectors& document : documents) scorer->add_document(document);
  for (size_t row = 0; row < rows.size(); ++row) scorer->add(static_cast<int32_t>(row), {}, rows[row]);
  return scorer->finish({.draws = 0});
}

Evaluation pairs(const std::vector<Vectors>& rows, const std::vector<Vectors>& documents = {},
                 std::vector<double> gains = {}) {
  gains.resize(rows.size(), 1);
  return judged(rows_of(data::TextShape::pairs, gains), rows, documents);
}

const metrics::RetrievalResult& result(const Evaluation& evaluation) {
  return std::get<metrics::RetrievalResult>(evaluation.detail);
}

TEST(SearchScorer, RanksByCosineWhateverTheLengths) {
  // The second query is nearer to the first one's answer; the third has its own second.
  const Evaluation e = pairs({{1, 0, 9, 0.1f}, {4, 0.1f, 0, 1}, {0, 2, -0.1f, 0.1f}});
  EXPECT_EQ(result(e).queries, 3);
  EXPECT_EQ(result(e).documents, 3);
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), (1 + 1.0 / 2 + 1.0 / 2) / 3);
  EXPECT_DOUBLE_EQ(e.scores.value("recall_1"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(e.scores.value("recall_5"), 1);
  ASSERT_EQ(e.search_mistakes.size(), 2u) << "a query whose answer comes first is no mistake";
  EXPECT_EQ(e.search_mistakes[0].row, 1);
  EXPECT_EQ(e.search_mistakes[0].rank, 2);
  EXPECT_EQ(e.search_mistakes[0].right.row, 1);
  EXPECT_EQ(e.search_mistakes[0].right.text, 1);
  EXPECT_EQ(e.search_mistakes[0].first.row, 0);
  EXPECT_EQ(e.search_mistakes[1].first.row, 1);
}

TEST(SearchScorer, TiesCountAgainstTheModel) {
  // Documents that differ and lie in one direction: a model that cannot tell texts apart finds nothing.
  const Evaluation e = pairs({{1, 0, 1, 0}, {1, 0.5f, 2, 0}, {0, 1, 4, 0}});
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), 1.0 / 3);
  EXPECT_EQ(e.search_mistakes.size(), 3u);
}

TEST(SearchScorer, EqualTextsAreOne) {
  // Row 0 and 1 ask the same; rows 1 and 2 have the same answer.
  const Evaluation e = pairs({{1, 0, 0, 1}, {1, 0, 1, 0.1f}, {0.9f, 0.2f, 1, 0.1f}});
  EXPECT_EQ(result(e).queries, 2);
  EXPECT_EQ(result(e).documents, 2);
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), 1);
  EXPECT_DOUBLE_EQ(e.scores.value("recall_1"), (0.5 + 1) / 2) << "one of two answers can stand first";
  EXPECT_DOUBLE_EQ(e.scores.value("map"), 1);
  EXPECT_TRUE(e.search_mistakes.empty());
}

TEST(SearchScorer, NegativesAndTheCorpusAreSearchedToo) {
  const Evaluation alone = pairs({{1, 0, 1, 1}});
  EXPECT_DOUBLE_EQ(alone.scores.value("mrr"), 1);
  const Evaluation negative = pairs({{1, 0, 1, 1, 1, 0.2f}});
  EXPECT_DOUBLE_EQ(negative.scores.value("mrr"), 0.5);
  ASSERT_EQ(negative.search_mistakes.size(), 1u);
  EXPECT_EQ(negative.search_mistakes[0].first.text, 2) << "the row's negative";
  // Of three documents of the corpus one is the answer itself, two are nearer.
  const Evaluation corpus = pairs({{1, 0, 1, 1}}, {{1, 0.1f}, {1, 1}, {1, 0.3f}});
  EXPECT_EQ(result(corpus).documents, 3);
  EXPECT_DOUBLE_EQ(corpus.scores.value("mrr"), 1.0 / 3);
  ASSERT_EQ(corpus.search_mistakes.size(), 1u);
  EXPECT_EQ(corpus.search_mistakes[0].first.text, -1);
  EXPECT_EQ(corpus.search_mistakes[0].first.row, 0);
  EXPECT_EQ(corpus.search_mistakes[0].right.row, 1) << "the answer is where it was first seen: in the corpus";
  EXPECT_EQ(corpus.search_mistakes[0].right.text, -1);
}

TEST(SearchScorer, GainsAreGraded) {
  // One query; the answer of gain 1 comes before that of gain 3; the first is judged twice.
  const std::vector<Vectors> rows{{1, 0, 1, 0.1f}, {1, 0, 1, 0.5f}, {1, 0, 1, 0.1f}};
  const Evaluation e = pairs(rows, {}, {0.5, 3, 1});
  const double ideal = 3 + 1 / std::log2(3.0);
  EXPECT_NEAR(e.scores.value("ndcg_10"), (1 + 3 / std::log2(3.0)) / ideal, 1e-12) << "the larger of two judgements";
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), 1);
  EXPECT_EQ(result(e).documents, 2);
  // A tie between answers: the larger gain stands behind.
  const Evaluation tie = pairs({{1, 0, 2, 0}, {1, 0, 1, 0}}, {}, {3, 1});
  EXPECT_NEAR(tie.scores.value("ndcg_10"), (1 + 3 / std::log2(3.0)) / ideal, 1e-12);
}

TEST(SearchScorer, LabelledTextsAskForTheirOwnLabel) {
  const auto data = rows_of(data::TextShape::labelled, {0, 0, 0, 0}, {"a", "a", "b", "a"});
  // The query itself, always nearest, is left out; the only text of b asks nothing, but is found.
  const Evaluation e = judged(data, {{1, 0}, {1, 0.3f}, {1, 0.1f}, {0, 1}});
  EXPECT_EQ(result(e).queries, 3);
  EXPECT_EQ(result(e).documents, 4);
  // 0: b, 1, 3.  1: b, 0, 3.  3: 1, b, 0.
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), (0.5 + 0.5 + 1) / 3);
  EXPECT_DOUBLE_EQ(e.scores.value("recall_1"), 0.5 / 3);
  EXPECT_DOUBLE_EQ(e.scores.value("map"), ((1.0 / 2 + 2.0 / 3) / 2 * 2 + (1 + 2.0 / 3) / 2) / 3);
  ASSERT_EQ(e.search_mistakes.size(), 2u);
  EXPECT_EQ(e.search_mistakes[0].row, 0);
  EXPECT_EQ(e.search_mistakes[0].first.row, 2);
  EXPECT_EQ(e.search_mistakes[0].right.row, 1);
  EXPECT_EQ(e.search_mistakes[1].row, 1);
}

TEST(SearchScorer, EqualLabelledTextsStayTwo) {
  const auto data = rows_of(data::TextShape::labelled, {0, 0}, {"a", "a"});
  const Evaluation e = judged(data, {{1, 0}, {1, 0}});
  EXPECT_EQ(result(e).queries, 2);
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), 1);
}

TEST(SearchScorer, NoQueryNoFigure) {
  const auto data = rows_of(data::TextShape::labelled, {0, 0}, {"a", "b"});
  const Evaluation e = judged(data, {{1, 0}, {1, 0}});
  EXPECT_EQ(result(e).queries, 0);
  EXPECT_TRUE(std::isnan(e.scores.value("mrr")));
}

TEST(SearchScorer, AVectorOfZerosIsNearNothing) {
  const Evaluation e = pairs({{0, 0, 1, 0}, {0, 1, 0, 1}});
  EXPECT_DOUBLE_EQ(e.scores.value("mrr"), (0.5 + 1) / 2) << "all documents tie";
}

// More documents than are scored at once have room for, in blocks of queries.
TEST(SearchScorer, ManyQueriesInBlocks) {
  constexpr int kMany = 700;
  std::vector<Vectors> rows;
  for (int i = 0; i < kMany; ++i) {
    const double angle = 3.0 * i / kMany;
    const auto x = static_cast<float>(std::cos(angle)), y = static_cast<float>(std::sin(angle));
    rows.push_back({x, y, 2 * x, 2 * y});
  }
  const Evaluation e = pairs(rows);
  EXPECT_EQ(result(e).queries, kMany);
  EXPECT_DOUBLE_EQ(e.scores.value("recall_1"), 1);
}

TEST(SimilarityScorer, SpearmanOfCosines) {
  const auto data = rows_of(data::TextShape::scored, {5, 0, 3, 1});
  const double s = std::sqrt(0.5);
  // Cosines 1, -1, 0.707 and 0 whatever the lengths: the order of the scores but for the last two of them.
  const Evaluation e = judged(data, {{1, 0, 3, 0}, {1, 0, -2, 0}, {1, 0, 0, 7}, {1, 0, 5, 5}});
  EXPECT_NEAR(e.scores.value("spearman"), 1 - 6.0 * 2 / (4 * 15), 1e-12);
  ASSERT_EQ(e.scored.size(), 4u);
  EXPECT_NEAR(e.scored[3].predicted, s, 1e-7);
  EXPECT_EQ(e.scored[0].gold, 5);
  EXPECT_EQ(e.scores.find("mae"), nullptr) << "a cosine and a score have different units";
  const Evaluation zero = judged(data, {{0, 0, 3, 0}, {1, 0, -2, 0}, {1, 0, 0, 7}, {1, 0, 5, 5}});
  EXPECT_EQ(zero.scored[0].predicted, 0) << "a vector without direction";
}

}  // namespace
}  // namespace attune::tasks
