// Figures of rows, answers and an untouched encoder, against values worked out by hand.
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <numeric>

#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/selection/measure/answers.h"
#include "attune/selection/measure/model.h"
#include "attune/selection/measure/order.h"
#include "attune/selection/measure/probe.h"
#include "attune/selection/measure/rows.h"
#include "attune/selection/measure/statistics.h"

#include "tests/base/temp_folder.h"
#include "tests/data/tokenizers.h"
#include "tests/train/tiny_model.h"

namespace attune::selection {
namespace {

constexpr uint64_t kMeasureSeed = 7;

data::Example row_of(const std::string& text, std::vector<std::string> labels) {
  data::Example row;
  row.text = text;
  row.labels = std::move(labels);
  row.has_target = true;
  return row;
}

// Rows of "train.csv", the first on line 2.
data::Dataset dataset_of(std::vector<data::Example> rows) {
  data::Dataset set;
  set.files = {"train.csv"};
  int64_t line = 2;
  for (data::Example& row : rows) row.origin = {0, line++};
  set.examples = data::Examples(rows);
  return set;
}

struct Measuring {
  const char* task = "classify";
  int64_t dev_from = 0;
  bool ordered = false, by_time = false;
};

Profile measured(const std::vector<data::Example>& rows, const Measuring& how = {},
                 const text::Tokenizer& tokenizer = data::WordTokenizer({"a", "b", "c", "##d"})) {
  const data::Dataset set = dataset_of(rows);
  const Clusters clusters = find_clusters(set.examples);
  std::vector<int32_t> in_order(rows.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  Profile profile;
  measure_rows({.rows = set,
                .dev_from = how.dev_from,
                .task = tasks::task_named(how.task),
                .tokenizer = tokenizer,
                .encode = {.max_length = 8},
                .clusters = clusters,
                .ordered = how.ordered,
                .in_time = how.by_time ? std::span<const int32_t>(in_order) : std::span<const int32_t>()},
               profile);
  return profile;
}

std::vector<data::Example> classes(const std::vector<std::pair<std::string, int>>& sizes) {
  std::vector<data::Example> rows;
  for (const auto& [label, size] : sizes)
    for (int i = 0; i < size; ++i) rows.push_back(row_of(fmt::format("{} {}", label, i), {label}));
  return rows;
}

TEST(Statistics, FishersTestByHand) {
  // Of 10 rows 4 and 5 have a label, 4 both: C(4, 4) C(6, 1) / C(10, 5) = 6 / 252.
  EXPECT_NEAR(fisher_more_often(4, 4, 5, 10), 6.0 / 252, 1e-14);
  // 3 or 4 both: (C(4, 3) C(6, 2) + 6) / 252 = 66 / 252.
  EXPECT_NEAR(fisher_more_often(3, 4, 5, 10), 66.0 / 252, 1e-14);
  EXPECT_EQ(fisher_more_often(0, 4, 5, 10), 1);
  EXPECT_EQ(fisher_more_often(2, 6, 6, 10), 1) << "12 labels on 10 rows meet twice at least";
  // 50 of 50 among 1,000: 1 / C(1000, 50) = 1.0562e-85.
  EXPECT_NEAR(std::log10(fisher_more_often(50, 50, 50, 1000)), std::log10(1.0561e-85), 1e-3);
}

TEST(Statistics, HolmStopsAtTheFirstThatFails) {
  // Of 4 at 0.05 the bounds are 0.0125, 0.01667, 0.025, 0.05.
  std::vector<double> p = {0.04, 0.01, 0.03, 0.016};
  EXPECT_EQ(holm_rejections(p, 4, 0.05), 2) << "0.03 > 0.025, so 0.04 < 0.05 does not count";
  EXPECT_EQ(holm_rejections(p, 6, 0.05), 0) << "0.01 > 0.05 / 6";
  p = {0.001};
  EXPECT_EQ(holm_rejections(p, 1, 0.05), 1);
}

TEST(Statistics, ChiSquareByHand) {
  EXPECT_NEAR(chi_square_above(3.841458820694124, 1), 0.05, 1e-12);
  EXPECT_NEAR(chi_square_above(2, 2), std::exp(-1.0), 1e-14);                  // exp(-x / 2)
  EXPECT_NEAR(chi_square_above(20, 4), std::exp(-10.0) * 11, 1e-14);           // exp(-z) (1 + z)
  EXPECT_NEAR(chi_square_above(0.01, 1), std::erfc(std::sqrt(0.005)), 1e-14);  // P(|N| > 0.1)
  EXPECT_EQ(chi_square_above(0, 3), 1);
}

TEST(Statistics, AreasAndTheirIntervals) {
  const std::vector<float> scores = {1, 2, 2, 3};
  const std::vector<uint8_t> positive = {0, 0, 1, 1};
  EXPECT_DOUBLE_EQ(area_under_roc(scores, positive), 3.5 / 4);
  EXPECT_TRUE(std::isnan(area_under_roc(scores, std::vector<uint8_t>(4, 1))));
  // A = 0.8, 20 and 30: Q1 = 2/3, Q2 = 1.28 / 1.8; variance (0.16 + 19 (Q1 - 0.64) + 29 (Q2 - 0.64)) / 600.
  const double variance = (0.16 + 19 * (0.8 / 1.2 - 0.64) + 29 * (1.28 / 1.8 - 0.64)) / 600;
  const metrics::Interval interval = hanley_mcneil(0.8, 20, 30);
  EXPECT_NEAR(interval.high - 0.8, 1.959964 * std::sqrt(variance), 1e-6);
  EXPECT_NEAR(interval.low + interval.high, 1.6, 1e-12);
  EXPECT_EQ(hanley_mcneil(1, 5, 5).high, 1);
}

TEST(MeasureRows, ImbalanceAndEvennessByHand) {
  const Profile profile = measured(classes({{"x", 60}, {"y", 30}, {"z", 10}, {"w", 4}}));
  EXPECT_EQ(profile.value("rows"), 104);
  EXPECT_EQ(profile.value("classes"), 4);
  EXPECT_EQ(profile.value("smallest_class"), 4);
  EXPECT_EQ(profile.find("smallest_class")->note, "'w'");
  EXPECT_EQ(profile.value("imbalance_ratio"), 15);
  EXPECT_EQ(profile.value("rare_classes"), 2);
  EXPECT_DOUBLE_EQ(profile.value("rare_rows"), 14.0 / 104);
  EXPECT_NEAR(profile.find("rare_rows")->interval->low, metrics::wilson(14, 104).low, 1e-15);
  double nats = 0;
  for (const double size : {60.0, 30.0, 10.0, 4.0}) nats -= size / 104 * std::log(size / 104);
  EXPECT_NEAR(profile.value("evenness"), std::exp(nats) / 4, 1e-12);
  EXPECT_NEAR(profile.value("rarest_share"), 4.0 / 104 * 4, 1e-12);
  EXPECT_EQ(profile.value("grades"), 0);
  EXPECT_NE(profile.warnings.at(0).find("1 of 4 classes occur in fewer than 5 rows ('w' in 4)"), std::string::npos);
  EXPECT_EQ(profile.figures().front().name, "rows");
}

TEST(MeasureRows, GradesAreNumbersOrSaidToBe) {
  EXPECT_EQ(measured(classes({{"1", 5}, {"10", 5}, {"2", 5}})).value("grades"), 1);
  EXPECT_EQ(measured(classes({{"1", 5}, {"2", 5}})).value("grades"), 0) << "two numbers are no grades";
  EXPECT_EQ(measured(classes({{"low", 5}, {"high", 5}}), {.ordered = true}).value("grades"), 1);
}

TEST(MeasureRows, OneClassFiveRowsAndNoLabels) {
  Profile profile = measured(classes({{"x", 5}}));
  EXPECT_EQ(profile.value("imbalance_ratio"), 1);
  EXPECT_EQ(profile.value("evenness"), 1);
  EXPECT_TRUE(std::isnan(profile.value("contradictions")));
  EXPECT_EQ(profile.find("contradictions")->note, "no text stands twice with a label");

  std::vector<data::Example> rows = classes({{"x", 5}});
  for (data::Example& row : rows) row.labels.clear(), row.has_target = false, row.text.clear();
  profile = measured(rows);
  EXPECT_EQ(profile.value("classes"), 0);
  for (const char* name : {"imbalance_ratio", "evenness", "rare_rows", "unknown_tokens", "tokens_a_word"}) {
    EXPECT_TRUE(std::isnan(profile.value(name))) << name;
    EXPECT_FALSE(profile.find(name)->note.empty()) << name;
  }
  EXPECT_DOUBLE_EQ(profile.value("exact_duplicates"), 0.8);
}

TEST(MeasureRows, LabelSetsByHand) {
  std::vector<data::Example> rows;
  for (int i = 0; i < 60; ++i) {
    std::vector<std::string> labels;
    if (i < 20) labels = {"a", "b"};  // always together
    if (i >= 20 && i < 40) labels = {"c"};
    if (i == 40) labels = {"c", "a", "c"};  // a label that stands there twice counts once
    rows.push_back(row_of(fmt::format("text {}", i), labels));
  }
  rows[59].has_target = false;
  const Profile profile = measured(rows, {.task = "multilabel"});
  EXPECT_EQ(profile.value("classes"), 3);
  EXPECT_NEAR(profile.value("cardinality"), 62.0 / 59, 1e-12);
  EXPECT_NEAR(profile.value("density"), 62.0 / 59 / 3, 1e-12);
  EXPECT_EQ(profile.value("smallest_label"), 20);
  EXPECT_DOUBLE_EQ(profile.value("imbalance_ratio"), 21.0 / 20);
  EXPECT_EQ(profile.value("label_sets"), 4);
  EXPECT_NEAR(profile.value("lone_sets"), 1.0 / 59, 1e-12);
  EXPECT_EQ(profile.value("pairs_together"), 1) << "a and b; a and c meet once, by chance 7 times";
  EXPECT_EQ(profile.find("pairs_together")->n, 3);
  EXPECT_EQ(profile.find("grades"), nullptr);
}

TEST(MeasureRows, ScoresAndTags) {
  std::vector<data::Example> rows;
  for (const double score : {1.0, 2.0, 3.0, 6.0}) rows.push_back(row_of(fmt::format("{}", score), {}));
  for (size_t i = 0; i < 4; ++i) rows[i].score = std::stod(rows[i].text);
  Profile profile = measured(rows, {.task = "regress"});
  EXPECT_EQ(profile.value("score_low"), 1);
  EXPECT_EQ(profile.value("score_high"), 6);
  EXPECT_NEAR(profile.value("score_deviation"), std::sqrt((4 + 1 + 0 + 9) / 4.0), 1e-12);

  data::Example sentence = row_of("a b c", {"B-X", "I-X", "O"});
  sentence.words = {"a", "b", "c"}, sentence.word_spans = {{0, 1}, {2, 3}, {4, 5}};
  profile = measured({sentence}, {.task = "tag"});
  EXPECT_EQ(profile.value("words"), 3);
  EXPECT_NEAR(profile.value("entity_words"), 2.0 / 3, 1e-12);
  sentence.labels = {"NOUN", "VERB", "NOUN"};
  EXPECT_EQ(measured({sentence}, {.task = "tag"}).find("entity_words")->note, "the tags are no entities");
}

TEST(MeasureRows, TokensByHand) {
  // Pieces: "a", "b"; "a", "##d"; [UNK]; 9 of which 6 fit.
  const Profile profile =
      measured({row_of("a b", {"x"}), row_of("ad", {"x"}), row_of("q", {"y"}), row_of("a b c a b c a b c", {"y"})});
  EXPECT_EQ(profile.value("tokens_median"), 4);
  EXPECT_EQ(profile.value("tokens_p95"), 11);
  EXPECT_DOUBLE_EQ(profile.value("truncated"), 0.25);
  EXPECT_NEAR(profile.value("unknown_tokens"), 1.0 / 14, 1e-12);
  EXPECT_NEAR(profile.value("tokens_a_word"), 14.0 / 13, 1e-12);
  EXPECT_NE(profile.warnings.at(1).find("25.0% of the rows are longer than 8 tokens"), std::string::npos);
  EXPECT_NE(profile.warnings.at(2).find("does not know 7.1% of the tokens"), std::string::npos);
}

TEST(MeasureRows, ChineseWordsAreCharacters) {
  const data::SpaceTokenizer tokenizer({"\xE2\x96\x81", "今", "天"});
  const Profile profile = measured({row_of("今天雨", {"x"}), row_of("天 今 ok", {"y"})}, {}, tokenizer);
  EXPECT_EQ(profile.find("tokens_a_word")->n, 6) << "five characters and a word";
  EXPECT_NEAR(profile.value("unknown_tokens"), 3.0 / 11, 1e-12);  // 雨, o, k of 4 and 7 pieces
}

TEST(MeasureRows, ContradictionsAreFoundAndRanked) {
  const Profile profile =
      measured({row_of("Good  morning", {"spam"}), row_of("good morning", {"ham"}),  // two rows: half and half
                row_of("one more time", {"ham"}), row_of("one more time", {"ham"}), row_of("One more time", {"ham"}),
                row_of("one more  time", {"spam"}),  // one of four
                row_of("alone", {"spam"}), row_of("twice", {"ham"}), row_of("twice", {"ham"})});
  // Pairs: 1 + 6 + 1, of which 1 + 3 differ.
  EXPECT_DOUBLE_EQ(profile.value("contradictions"), 0.5);
  EXPECT_EQ(profile.find("contradictions")->n, 8);
  EXPECT_DOUBLE_EQ(profile.value("exact_duplicates"), 5.0 / 9);
  EXPECT_EQ(profile.value("clusters"), 4);
  ASSERT_EQ(profile.suspicious.size(), 6U);
  EXPECT_EQ(profile.suspicious[0].place, "train.csv line 7");
  EXPECT_DOUBLE_EQ(profile.suspicious[0].suspicion, 0.75);
  EXPECT_EQ(profile.suspicious[0].label, "spam");
  EXPECT_EQ(profile.suspicious[0].expected, "ham");
  EXPECT_EQ(profile.suspicious[0].reason,
            "the same text stands in train.csv line 4 as 'ham'; 3 of its 4 rows disagree with this one");
  EXPECT_EQ(profile.suspicious[1].place, "train.csv line 2");
  EXPECT_DOUBLE_EQ(profile.suspicious[1].suspicion, 0.5);
  EXPECT_EQ(profile.suspicious[1].reason, "the same text stands in train.csv line 3 as 'ham'");
  EXPECT_DOUBLE_EQ(profile.suspicious[5].suspicion, 0.25);
  EXPECT_EQ(profile.warnings.back(),
            "6 rows have the text of another row and a different label (4 of 8 pairs of the same text differ; first: "
            "train.csv line 2 and train.csv line 3)");
}

TEST(MeasureRows, LabelsInAnotherOrderAreNoContradiction) {
  Profile profile = measured({row_of("t", {"a", "b"}), row_of("t", {"b", "a"})}, {.task = "multilabel"});
  EXPECT_EQ(profile.value("contradictions"), 0);
  profile = measured({row_of("t", {"a", "b"}), row_of("t", {})}, {.task = "multilabel"});
  EXPECT_EQ(profile.value("contradictions"), 1);
  ASSERT_EQ(profile.suspicious.size(), 2U);
  EXPECT_EQ(profile.suspicious[0].expected, "no label");
  data::Example one = row_of("Jan ran", {"B-X", "O"}), two = row_of("Jan ran", {"B-X", "B-Y"});
  one.words = two.words = {"Jan", "ran"}, one.word_spans = two.word_spans = {{0, 3}, {4, 7}};
  profile = measured({one, two}, {.task = "tag"});
  EXPECT_EQ(profile.value("contradictions"), 1);
  EXPECT_EQ(profile.suspicious[0].label, "ran O");
  EXPECT_EQ(profile.suspicious[0].expected, "ran B-Y");
}

TEST(MeasureRows, DevRowsAreMeasuredForOverlapAlone) {
  std::vector<data::Example> rows = classes({{"x", 6}, {"y", 6}});
  rows.push_back(row_of("X  0", {"x"})), rows.push_back(row_of("quite another text", {"x"}));
  rows.push_back(row_of("quite another text", {"z"})), rows.push_back(row_of("y 3", {"y"}));
  const Profile profile = measured(rows, {.dev_from = 12});
  EXPECT_EQ(profile.value("rows"), 12);
  EXPECT_EQ(profile.value("classes"), 2);
  EXPECT_EQ(profile.value("exact_duplicates"), 0);
  EXPECT_EQ(profile.value("clusters"), 12);
  EXPECT_DOUBLE_EQ(profile.value("overlap"), 0.5);
  EXPECT_EQ(profile.find("overlap")->n, 4);
  EXPECT_NE(profile.warnings.back().find("2 of 4 dev rows"), std::string::npos);
  EXPECT_EQ(measured(classes({{"x", 6}})).find("overlap"), nullptr);
}

// Rows whose words are drawn from [from, from + 30) and labels by chance.
std::vector<data::Example> rows_in_time(bool drifts) {
  std::vector<data::Example> rows;
  for (uint32_t i = 0; i < 600; ++i) {
    std::string text;
    const uint32_t from = drifts && i >= 300 ? 10 : 0;
    for (uint32_t w = 0; w < 8; ++w)
      text += fmt::format("w{} ", from + random_below(mix64(kMeasureSeed), 8 * i + w, 30));
    const bool x = random_below(mix64(kMeasureSeed + 1), i, 10) < (drifts && i >= 300 ? 8U : 5U);
    rows.push_back(row_of(text, {x ? "x" : "y"}));
  }
  return rows;
}

TEST(MeasureRows, DriftIsSeenWhereThereIsSome) {
  printf("seed %llu\n", static_cast<unsigned long long>(kMeasureSeed));
  Profile profile = measured(rows_in_time(true), {.by_time = true});
  EXPECT_GT(profile.value("drift"), 0.9);
  EXPECT_GT(profile.find("drift")->interval->low, 0.85);
  EXPECT_LT(profile.value("drift_labels"), 0.01);
  profile = measured(rows_in_time(false), {.by_time = true});
  EXPECT_LT(profile.find("drift")->interval->low, 0.5);
  EXPECT_GT(profile.find("drift")->interval->high, 0.5);
  EXPECT_GT(profile.value("drift_labels"), 0.05);
  EXPECT_EQ(measured(rows_in_time(true)).find("drift"), nullptr) << "rows are not said to be in time's order";
  profile = measured(classes({{"x", 5}}), {.by_time = true});
  EXPECT_TRUE(std::isnan(profile.value("drift")));
  EXPECT_EQ(profile.find("drift_labels")->note, "fewer than two labels that are frequent enough");
}

compare::PredictionRow answer(const std::string& gold, const std::vector<std::pair<std::string, double>>& p) {
  compare::PredictionRow row;
  row.has_gold = row.has_prediction = true;
  row.gold = {gold};
  for (const auto& [label, probability] : p) {
    row.logits.emplace_back(label, std::log(probability));
    row.probability_sum += probability;
  }
  return row;
}

compare::PredictionFile file_of(std::vector<compare::PredictionRow> rows, data::TargetKind kind) {
  compare::PredictionFile file{.path = "answers.jsonl", .kind = kind, .has_ids = true, .rows = std::move(rows)};
  for (size_t i = 0; i < file.rows.size(); ++i) file.rows[i].id = fmt::format("train.csv line {}", i + 2);
  return file;
}

// Answers of a calibrated model of four classes on `rows` rows, and labels of which `noise` are drawn anew, wrongly.
compare::PredictionFile noisy_answers(uint32_t rows, double noise) {
  std::vector<compare::PredictionRow> all;
  const uint64_t key = mix_key(kMeasureSeed, static_cast<uint64_t>(1000 * noise));
  for (uint32_t i = 0; i < rows; ++i) {
    uint32_t drawn = 5 * i;
    const auto unit = [&] { return static_cast<double>(random_unit(key, drawn++)); };
    const auto other = [&](uint32_t k) { return (k + 1 + random_below(key + 1, drawn, 3)) % 4; };
    const double top = 1 - 0.6 * unit() * unit();  // how likely the answer is right: often very
    const uint32_t answered = random_below(key + 2, i, 4);
    uint32_t gold = unit() < top ? answered : other(answered);
    if (unit() < noise) gold = other(gold);
    std::vector<std::pair<std::string, double>> p;
    for (uint32_t k = 0; k < 4; ++k)
      p.emplace_back(std::string(1, static_cast<char>('a' + k)), k == answered ? top : (1 - top) / 3);
    all.push_back(answer(std::string(1, static_cast<char>('a' + gold)), p));
  }
  return file_of(std::move(all), data::TargetKind::label);
}

TEST(MeasureAnswers, TheNoiseCeilingShowsPlantedNoise) {
  printf("seed %llu\n", static_cast<unsigned long long>(kMeasureSeed));
  for (const auto& [noise, low, high] :
       {std::tuple(0.0, 0.0, 0.06), std::tuple(0.1, 0.08, 0.15), std::tuple(0.2, 0.17, 0.26)}) {
    Profile profile;
    measure_answers(noisy_answers(4000, noise), profile);
    const Figure* figure = profile.find("noise_ceiling");
    printf("noise %.2f: ceiling %.3f\n", noise, figure->value);
    EXPECT_GE(figure->value, low);
    EXPECT_LE(figure->value, high);
    EXPECT_NEAR(static_cast<double>(figure->n), 800, 3);
    const auto n = static_cast<double>(figure->n);
    EXPECT_NEAR(figure->interval->low, metrics::wilson(figure->value * n, n).low, 1e-9);
    EXPECT_EQ(std::ssize(profile.suspicious), std::llround(figure->value * n));
    for (size_t i = 1; i < profile.suspicious.size(); ++i)
      EXPECT_GE(profile.suspicious[i - 1].suspicion, profile.suspicious[i].suspicion);
  }
}

TEST(MeasureAnswers, ConfidentDisagreementsByHand) {
  std::vector<compare::PredictionRow> rows;
  for (int i = 0; i < 9; ++i) rows.push_back(answer("a", {{"a", 0.9 - 0.01 * i}, {"b", 0.1 + 0.01 * i}}));
  rows.push_back(answer("b", {{"a", 0.99}, {"b", 0.01}}));
  rows.push_back(answer("b", {{"a", 0.3}, {"b", 0.7}}));  // the only answer b: too few for a fifth
  Profile profile;
  measure_answers(file_of(rows, data::TargetKind::label), profile);
  EXPECT_DOUBLE_EQ(profile.value("noise_ceiling"), 0.5) << "the two surest of ten";
  EXPECT_DOUBLE_EQ(profile.value("error"), 1.0 / 11);
  ASSERT_EQ(profile.suspicious.size(), 1U);
  EXPECT_EQ(profile.suspicious[0].place, "train.csv line 11");
  EXPECT_NEAR(profile.suspicious[0].suspicion, 0.99, 1e-12);
  EXPECT_EQ(profile.suspicious[0].label, "b");
  EXPECT_EQ(profile.suspicious[0].expected, "a");
  EXPECT_EQ(profile.find("order_veto"), nullptr) << "the labels are no grades";
}

TEST(MeasureAnswers, LabelsWithoutProbabilities) {
  compare::PredictionRow row;
  row.has_gold = row.has_prediction = true;
  row.gold = {"a"}, row.predicted = {"b"};
  Profile profile;
  measure_answers(file_of({row, row}, data::TargetKind::label), profile);
  EXPECT_TRUE(std::isnan(profile.value("noise_ceiling")));
  EXPECT_EQ(profile.find("noise_ceiling")->note, "no row has a label and a probability");
  EXPECT_EQ(profile.value("error"), 1);
  Profile none;
  measure_answers(file_of({}, data::TargetKind::label), none);
  EXPECT_TRUE(std::isnan(none.value("error")));
}

TEST(MeasureAnswers, OrderByHand) {
  // Three classes, neighbours confused: of the six orders two (as it is, and turned round) are as near.
  using Confusions = std::vector<std::pair<int32_t, int32_t>>;
  EXPECT_DOUBLE_EQ(order_p_value(Confusions{{0, 1}, {1, 2}, {2, 1}}, 3), 2.0 / 6);
  // The ends confused alone: every order is as near or nearer.
  EXPECT_DOUBLE_EQ(order_p_value(Confusions{{0, 2}, {2, 0}}, 3), 1);
  EXPECT_TRUE(std::isnan(order_p_value(Confusions{{1, 1}}, 3)));
  // A chain of five: 2 of 120; of eight: 1,000 drawn orders of 40,320.
  Confusions chain;
  for (int32_t i = 0; i < 4; ++i) chain.emplace_back(i, i + 1);
  EXPECT_DOUBLE_EQ(order_p_value(chain, 5), 2.0 / 120);
  for (int32_t i = 4; i < 7; ++i) chain.emplace_back(i, i + 1);
  EXPECT_LE(order_p_value(chain, 8), 3.0 / 1001);
}

TEST(MeasureAnswers, OrderIsVetoedByFarConfusions) {
  const auto p_of = [](const std::array<int, 5>& wrong_of) {
    std::vector<compare::PredictionRow> rows;
    for (int i = 0; i < 50; ++i) {
      const int gold = 1 + i % 5, wrong = wrong_of[static_cast<size_t>(gold - 1)];
      const bool right = i % 3 > 0;
      rows.push_back(answer(std::to_string(gold), {{std::to_string(right ? gold : wrong), 0.8},
                                                   {std::to_string(right ? wrong : gold), 0.2}}));
    }
    Profile profile;
    measure_answers(file_of(rows, data::TargetKind::label), profile);
    return profile.value("order_veto");
  };
  EXPECT_LT(p_of({2, 3, 4, 5, 4}), 0.05);
  EXPECT_GT(p_of({4, 5, 1, 1, 2}), 0.9);
  Profile declared;
  declared.set({.name = "grades", .title = "", .value = 1});
  measure_answers(file_of({answer("low", {{"high", 0.7}, {"low", 0.3}})}, data::TargetKind::label), declared);
  EXPECT_TRUE(std::isnan(declared.value("order_veto")));
  EXPECT_FALSE(declared.find("order_veto")->note.empty());
}

TEST(MeasureAnswers, IllegalTagsByHand) {
  const auto sentence = [](std::vector<std::string> gold, std::vector<std::string> tags) {
    compare::PredictionRow row;
    row.has_gold = row.has_prediction = true;
    row.gold = std::move(gold), row.predicted = std::move(tags);
    return row;
  };
  Profile profile;
  measure_answers(file_of({sentence({"B-X", "I-X", "O"}, {"B-X", "I-X", "O"}),
                           sentence({"O", "B-Y", "I-Y"}, {"I-X", "I-X", "I-Y"}),  // the first and the third
                           sentence({"B-X", "O"}, {"B-X", "I-Y"}),                // the second
                           sentence({"O", "O"}, {"O", "I-Y"})},
                          data::TargetKind::tags),
                  profile);
  EXPECT_DOUBLE_EQ(profile.value("illegal_tags"), 4.0 / 10);
  EXPECT_EQ(profile.find("illegal_tags")->n, 10);
  EXPECT_DOUBLE_EQ(profile.value("error"), 0.75);
  compare::PredictionRow places;
  places.has_gold = places.has_prediction = places.has_places = true;
  Profile none;
  measure_answers(file_of({places}, data::TargetKind::tags), none);
  EXPECT_EQ(none.find("illegal_tags")->note, "the answers are entities, not tags");
}

TEST(Probe, FoldsKeepClustersTogetherAndLabelsApart) {
  std::vector<int32_t> rows;
  baselines::ClassTargets targets{.classes = 2};
  Clusters clusters;
  for (int32_t i = 0; i < 100; ++i) {
    rows.push_back(i);
    const int32_t label = i < 80 ? 0 : 1;
    targets.add(std::span(&label, 1));
    clusters.of_row.push_back(i - i % 2);
  }
  const std::vector<int> fold = probe_folds(rows, targets, clusters, 1);
  std::array<std::array<int, 2>, kProbeFolds> counts{};
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(fold[i], fold[i - i % 2]);
    ++counts[static_cast<size_t>(fold[i])][i < 80 ? 0 : 1];
  }
  for (const auto& count : counts) EXPECT_EQ(count, (std::array<int, 2>{16, 4}));
  EXPECT_NE(fold, probe_folds(rows, targets, clusters, 2));
}

TEST(Probe, BitsOfALabel) {
  baselines::ClassTargets one{.classes = 2};
  const int32_t labels[] = {1, 0};
  one.add(std::span(labels, 1));
  one.add(std::span(labels, 1));
  const std::vector<double> bits = label_bits(one, std::vector<float>{0.75f, 0.25f, 1.0f, 0.0f});
  EXPECT_DOUBLE_EQ(bits[0], 2);
  EXPECT_EQ(bits[1], kMostBits);
  baselines::ClassTargets many{.classes = 2, .exclusive = false};
  many.add(std::span(labels, 1));
  EXPECT_DOUBLE_EQ(label_bits(many, std::vector<float>{0.75f, 0.5f})[0], 3);  // -log2(1 - 0.75) - log2(0.5)
}

class MeasureModel : public testing::Test {
 protected:
  tasks::ModelBundle open(const char* task, std::vector<std::string> labels) {
    if (!fs::exists(folder_ / "model")) test::make_model(folder_ / "model", "sequence_classification");
    return tasks::open_for_training({.model = (folder_ / "model").string(),
                                     .task = &tasks::task_named(task),
                                     .data_labels = std::move(labels),
                                     .new_head = true,
                                     .seed = 1,
                                     .encode = {}});
  }
  bool measure(const tasks::ModelBundle& bundle, std::vector<data::Example> rows, int threads, Profile& profile,
               const std::function<bool()>& stop = {}) {
    const auto kernels = kernels::cpu::make_kernels(threads);
    const train::Split split = train::make_split("train", "train.csv", dataset_of(std::move(rows)), bundle);
    const Clusters clusters = find_clusters(split.data.examples);
    return measure_model(
        {.untrained = bundle, .kernels = *kernels, .rows = split, .clusters = clusters, .seed = 1, .stop = stop},
        profile);
  }
  std::vector<data::Example> graded() {
    std::vector<data::Example> rows = test::copied(test::graded_texts());
    for (data::Example& row : rows) row.has_target = true;
    return rows;
  }

  test::TempFolder folder_;
};

TEST_F(MeasureModel, FindsWhatTextsSayAndAWrongLabel) {
  const tasks::ModelBundle bundle = open("classify", {"0", "1"});
  std::vector<data::Example> rows;
  for (int i = 0; i < 120; ++i) {
    std::string text;
    for (int w = 0; w < 6; ++w)
      text += fmt::format("w{} ", (i % 2) * 5 + random_below(mix64(kMeasureSeed), static_cast<uint32_t>(6 * i + w), 5));
    rows.push_back(row_of(text, {std::to_string(i % 2)}));
  }
  rows[40].labels = {"1"};
  Profile profile;
  ASSERT_TRUE(measure(bundle, rows, 1, profile));
  EXPECT_GT(profile.value("probe_accuracy"), 0.9);
  EXPECT_GT(profile.value("information_share"), 0.5);
  EXPECT_GT(profile.value("ngram_information_share"), 0.5);
  EXPECT_LE(profile.value("information"), 1);
  EXPECT_LT(profile.find("information")->interval->low, profile.value("information"));
  EXPECT_GT(profile.value("hardest_recall"), 0.9);
  EXPECT_NEAR(static_cast<double>(profile.find("hardest_recall")->n), 60, 1);
  ASSERT_FALSE(profile.suspicious.empty());
  EXPECT_EQ(profile.suspicious[0].place, "train.csv line 42");
  EXPECT_EQ(profile.suspicious[0].label, "1");
  EXPECT_EQ(profile.suspicious[0].expected, "0");
}

TEST_F(MeasureModel, IsTheSameForAnyNumberOfThreads) {
  const tasks::ModelBundle bundle = open("classify", test::kGrades);
  Profile one, two;
  ASSERT_TRUE(measure(bundle, graded(), 1, one));
  ASSERT_TRUE(measure(bundle, graded(), 2, two));
  ASSERT_EQ(one.figures().size(), 5U);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(one.figures()[i].value, two.figures()[i].value) << one.figures()[i].name;
    EXPECT_EQ(one.figures()[i].interval->low, two.figures()[i].interval->low);
  }
}

TEST_F(MeasureModel, ManyLabelsAndRowsWithoutOne) {
  const tasks::ModelBundle bundle = open("multilabel", {"a", "b"});
  std::vector<data::Example> rows = graded();
  for (data::Example& row : rows) {
    const std::string grade = row.labels[0];
    row.labels.clear();
    if (grade > "0") row.labels.push_back("a");
    if (grade > "2") row.labels.push_back("b");
  }
  Profile profile;
  ASSERT_TRUE(measure(bundle, rows, 1, profile));
  EXPECT_EQ(profile.find("probe_accuracy"), nullptr);
  EXPECT_EQ(profile.find("information")->n, 120);
  // H: 90 of 120 have a, 30 of 120 have b: 2 (0.25 log2 4 + 0.75 log2 (4/3)) = 1.6226 bits at most.
  EXPECT_LE(profile.value("information"), 1.6227);
  EXPECT_NEAR(profile.value("information") / profile.value("information_share"), 1.622556, 1e-5);
  EXPECT_TRUE(profile.suspicious.empty());
}

TEST_F(MeasureModel, StopsAndSaysWhatIsUndefined) {
  const tasks::ModelBundle bundle = open("classify", test::kGrades);
  Profile stopped;
  EXPECT_FALSE(measure(bundle, graded(), 1, stopped, [] { return true; }));
  EXPECT_TRUE(stopped.figures().empty());

  Profile same;  // one text alone
  EXPECT_TRUE(measure(bundle, std::vector<data::Example>(6, row_of("w1 w2", {"1"})), 1, same));
  EXPECT_TRUE(std::isnan(same.value("probe_accuracy")));
  EXPECT_EQ(same.find("information")->note, "all rows are nearly the same text");

  std::vector<data::Example> one_class = graded();
  for (data::Example& row : one_class) row.labels = {"2"};
  Profile sure;
  EXPECT_TRUE(measure(bundle, one_class, 1, sure));
  EXPECT_EQ(sure.value("probe_accuracy"), 1);
  EXPECT_NEAR(sure.value("information"), 0, 0.2);
  EXPECT_TRUE(std::isnan(sure.value("information_share")));
  EXPECT_FALSE(sure.find("information_share")->note.empty());

  Profile five;
  std::vector<data::Example> few = graded();
  few.resize(5);
  EXPECT_TRUE(measure(bundle, few, 1, five));
  EXPECT_EQ(five.find("probe_accuracy")->n, 5);
  EXPECT_EQ(five.find("hardest_recall")->note, "no class has 10 rows");
}

}  // namespace
}  // namespace attune::selection
