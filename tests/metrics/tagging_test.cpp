#include "attune/metrics/tagging.h"

#include <algorithm>
#include <set>

#include "attune/base/error.h"

#include "tests/metrics/golden.h"

namespace attune::metrics {
namespace {

using Words = std::vector<std::vector<std::string>>;

std::vector<std::string> labels_of(const Words& gold, const Words& predicted) {
  std::set<std::string> labels;
  for (const Words* side : {&gold, &predicted}) {
    for (const auto& row : *side) labels.insert(row.begin(), row.end());
  }
  return {labels.begin(), labels.end()};
}

std::vector<int32_t> ids(const std::vector<std::string>& labels, const std::vector<std::string>& row) {
  std::vector<int32_t> out;
  for (const std::string& tag : row) {
    out.push_back(static_cast<int32_t>(std::find(labels.begin(), labels.end(), tag) - labels.begin()));
  }
  return out;
}

TaggingMeter meter_of(const Words& gold, const Words& predicted) {
  TaggingMeter meter(labels_of(gold, predicted), static_cast<int64_t>(gold.size()));
  for (size_t row = gold.size(); row-- > 0;) {
    meter.add(static_cast<int64_t>(row), ids(meter.labels(), gold[row]), ids(meter.labels(), predicted[row]));
  }
  return meter;
}

void expect_table(const nlohmann::json& expected, const ClassTable& table, const std::vector<std::string>& names) {
  for (const ClassRow& row : table.rows) {
    SCOPED_TRACE(names[row.label]);
    ASSERT_TRUE(expected.contains(names[row.label]));
    expect_row(expected.at(names[row.label]), row.prf, row.count.gold);
  }
  if (!table.rows.empty()) {
    expect_row(expected.at("macro avg"), table.macro, table.support);
    expect_row(expected.at("weighted avg"), table.weighted, table.support);
  }
}

TEST(Tagging, EqualsSeqevalAndScikitLearn) {
  const auto cases = golden("tagging").at("cases");
  ASSERT_GE(cases.size(), 9U);
  for (const auto& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const TaggingMeter meter = meter_of(test.at("gold").get<Words>(), test.at("predicted").get<Words>());
    const TaggingResult result = summarize(meter, {.draws = 0});
    auto expected = test.at("scores");
    if (!meter.scheme().has_entities()) {
      for (const char* name :
           {"entity_f1", "entity_f1_strict", "entity_precision", "entity_recall", "entity_macro_f1"}) {
        expected[name] = nullptr;  // no label is an entity tag: undefined here, 0 in seqeval
      }
    }
    expect_scores(expected, result.scores, 1e-12);
    EXPECT_EQ(result.scores.size(), expected.size());
    expect_table(test.at("entities"), result.entities, meter.scheme().types());
    expect_table(test.at("strict"), result.strict_entities, meter.scheme().types());
    expect_table(test.at("tokens"), result.tokens, meter.labels());
  }
}

TEST(Tagging, OtherSchemesEqualSeqevalsDefault) {
  const auto test = golden("tagging_other_schemes");
  const TaggingMeter meter = meter_of(test.at("gold").get<Words>(), test.at("predicted").get<Words>());
  EXPECT_NEAR(summarize(meter, {.draws = 0}).scores.value("entity_f1"), test.at("entity_f1").get<double>(), 1e-12);
}

TEST(Tagging, CutOffWordsCountAsO) {
  const std::vector<std::string> labels = {"B-PER", "I-PER", "O"};
  TaggingMeter cut(labels, 1), outside(labels, 1);
  const int32_t gold[] = {0, 1, 2, 0}, predicted[] = {0, 1, 2, -1}, as_o[] = {0, 1, 2, 2};
  cut.add(0, gold, predicted);
  outside.add(0, gold, as_o);
  const TaggingResult a = summarize(cut, {.draws = 0}), b = summarize(outside, {.draws = 0});
  EXPECT_EQ(a.cut_off_words, 1);
  EXPECT_EQ(b.cut_off_words, 0);
  EXPECT_EQ(to_json(a.scores), to_json(b.scores));
  EXPECT_DOUBLE_EQ(a.scores.value("entity_f1"), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(a.scores.value("token_accuracy"), 0.75);
}

TEST(Tagging, CutOffWordsWithoutAnOAreWrong) {
  TaggingMeter meter({"NOUN", "VERB"}, 1);
  const int32_t gold[] = {0, 1}, predicted[] = {0, -1};
  meter.add(0, gold, predicted);
  const TaggingResult result = summarize(meter, {.draws = 0});
  EXPECT_DOUBLE_EQ(result.scores.value("token_accuracy"), 0.5);
  EXPECT_FALSE(result.scores.at("entity_f1").defined());
  ASSERT_EQ(result.confusion.size(), 2U);
  EXPECT_EQ(result.confusion[1].predicted, -1);
}

TEST(Tagging, KeepsTheMostConfidentMistakesOnly) {
  TaggingMeter meter({"O", "B-X"}, 3, 2);
  const int32_t gold[] = {0, 1}, predicted[] = {1, 0};
  const float first[] = {0.6F, 0.7F}, second[] = {0.9F, 0.7F}, third[] = {0.55F, 0.65F};
  meter.add(2, gold, predicted, first);
  meter.add(0, gold, predicted, second);
  meter.add(1, gold, predicted, third);
  ASSERT_EQ(meter.mistakes().size(), 2U);
  EXPECT_EQ(meter.mistakes()[0].row, 0);
  EXPECT_EQ(meter.mistakes()[0].word, 0);
  EXPECT_EQ(meter.mistakes()[0].gold, 0);
  EXPECT_EQ(meter.mistakes()[0].predicted, 1);
  EXPECT_EQ(meter.mistakes()[1].row, 0) << "equal probabilities go by row, whatever the order of evaluation";
  EXPECT_EQ(meter.mistakes()[1].word, 1);
}

TEST(Tagging, ResamplesSentences) {
  // One sentence is all right, one all wrong: resampled as wholes, accuracy is 0, 0.5 or 1.
  TaggingMeter meter({"O", "B-X"}, 2);
  const std::vector<int32_t> gold(50, 1), wrong(50, 0);
  meter.add(0, gold, gold);
  meter.add(1, gold, wrong);
  const Score score = summarize(meter, {.draws = 400}).scores.at("token_accuracy");
  ASSERT_TRUE(score.interval.has_value());
  EXPECT_EQ(score.interval->low, 0.0);
  EXPECT_EQ(score.interval->high, 1.0);
}

TEST(Tagging, WrongSizesAndIdsAreFound) {
  TaggingMeter meter({"O", "B-X"}, 1);
  const int32_t two[] = {0, 1}, one[] = {0}, outside[] = {0, 2};
  EXPECT_THROW(meter.add(0, two, one), Error);
  EXPECT_THROW(meter.add(0, two, outside), Error);
  EXPECT_THROW(meter.sentences(), Error);
}

}  // namespace
}  // namespace attune::metrics
