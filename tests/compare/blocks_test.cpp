#include "attune/compare/blocks.h"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "attune/base/rng.h"
#include "attune/compare/gold.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::compare {
namespace {

using Files = std::vector<PredictionFile>;

class Blocks : public testing::Test {
 protected:
  PredictionFile file(const std::string& name, const std::string& text, std::optional<data::TargetKind> kind = {}) {
    return read_predictions(folder_.put(name, text).string(), kind);
  }
  // Rows first..first + rows, wrong with chance `error`; what is hard differs by row.
  PredictionFile drawn(const std::string& name, int first, int rows, double error, uint64_t seed) {
    std::string text;
    for (int i = first; i < first + rows; ++i) {
      const bool wrong = random_uniform(seed, i) < error;
      const bool gold = i % 2 == 0;
      text += fmt::format(R"({{"id": {}, "gold": "{}", "label": "{}"}})", i, gold, gold != wrong) + "\n";
    }
    return file(name, text);
  }
  static double random_uniform(uint64_t seed, int i) {
    return static_cast<double>(mix_key(mix64(seed), static_cast<uint64_t>(i)) >> 11) * 0x1p-53;
  }
  test::TempFolder folder_;
};

TEST_F(Blocks, VarianceOfAMeanIsThatOfItsRows) {
  const Files a{drawn("a1", 0, 2000, 0.1, 1), drawn("a2", 2000, 2000, 0.1, 2)};
  const Files b{drawn("b1", 0, 2000, 0.2, 3), drawn("b2", 2000, 2000, 0.2, 4)};
  const Comparison seen = compare_blocks(a, b, {.metric = "accuracy"});
  EXPECT_FALSE(seen.same_rows);
  EXPECT_EQ(seen.distinct_rows, 4000);
  double mean = 0;
  for (size_t s = 0; s < 2; ++s) {
    const BlockFigures& block = seen.blocks[s];
    EXPECT_NEAR(block.first - block.second, seen.differences.by_block[s], 1e-12);
    const double n = 2000, d = seen.differences.by_block[s];
    const auto changed = static_cast<double>(block.only_first_right + block.only_second_right);
    EXPECT_NEAR(d, static_cast<double>(block.only_first_right - block.only_second_right) / n, 1e-12);
    mean += (changed / n - d * d) / n / 2;  // var(d_i) / n
  }
  EXPECT_NEAR(seen.differences.block_variance, mean, 0.12 * mean);
  EXPECT_DOUBLE_EQ(seen.differences.mean_variance, seen.differences.block_variance / 2);
  EXPECT_EQ(seen.differences.units, 4000);
}

TEST_F(Blocks, TheSameRowsAreResampledOnce) {
  // The same mistakes in both runs of a side: a second run says nothing new of the rows.
  const Files a{drawn("a1", 0, 1000, 0.1, 1), drawn("a2", 0, 1000, 0.1, 1)};
  const Files b{drawn("b1", 0, 1000, 0.2, 3), drawn("b2", 0, 1000, 0.2, 3)};
  const Comparison seen = compare_blocks(a, b, {.metric = "accuracy"});
  EXPECT_TRUE(seen.same_rows);
  EXPECT_EQ(seen.differences.units, 1000);
  EXPECT_NEAR(seen.differences.mean_variance, seen.differences.block_variance, 1e-15);
}

TEST_F(Blocks, OrderOfRowsIsNothing) {
  const PredictionFile a = drawn("a", 0, 200, 0.1, 1), b = drawn("b", 0, 200, 0.2, 3);
  PredictionFile turned = b;
  std::reverse(turned.rows.begin(), turned.rows.end());
  const BlockOptions options{.metric = "macro_f1"};
  EXPECT_EQ(compare_blocks({a}, {b}, options).differences.by_block,
            compare_blocks({a}, {turned}, options).differences.by_block);
}

TEST_F(Blocks, AnAliasDiffersByNothing) {
  const PredictionFile a = drawn("a", 0, 200, 0.1, 1);
  const Comparison seen = compare_blocks({a, a, a}, {a, a, a}, {.metric = "macro_f1"});
  EXPECT_EQ(seen.differences.mean_variance, 0);
  const Verdict verdict = judge(seen.differences, {.worth = 0.005});
  EXPECT_EQ(verdict.difference, 0);
  EXPECT_EQ(verdict.state, State::no_difference);
}

TEST_F(Blocks, GroupsAreDrawnTogether) {
  std::string one, other;
  for (int i = 0; i < 400; ++i) {
    const int group = i / 20;
    const bool right = group % 3 != 0;
    one += fmt::format(R"({{"id": {}, "group": {}, "gold": 1, "label": {}}})", i, group, right ? 1 : 0) + "\n";
    other += fmt::format(R"({{"id": {}, "group": {}, "gold": 1, "label": 1}})", i, group) + "\n";
  }
  const BlockOptions options{.metric = "accuracy"};
  const Comparison seen = compare_blocks({file("a", one)}, {file("b", other)}, options);
  EXPECT_TRUE(seen.grouped);
  EXPECT_EQ(seen.differences.units, 20);
  Files a{file("a", one)}, b{file("b", other)};
  for (Files* side : {&a, &b})
    for (auto& row : (*side)[0].rows) row.group.clear();
  EXPECT_GT(seen.differences.block_variance, 10 * compare_blocks(a, b, options).differences.block_variance);
}

// A document whose sentences lie in both folds ties the folds together.
TEST_F(Blocks, AGroupInTwoFolds) {
  const auto fold = [&](const std::string& name, int first, double error, uint64_t seed) {
    PredictionFile rows = drawn(name, first, 300, error, seed);
    for (auto& row : rows.rows) row.group = std::to_string(std::stoi(row.id) % 300 / 10);
    return rows;
  };
  const Files a{fold("a1", 0, 0.1, 1), fold("a2", 300, 0.1, 1)}, b{fold("b1", 0, 0.2, 3), fold("b2", 300, 0.2, 3)};
  const Comparison seen = compare_blocks(a, b, {.metric = "accuracy"});
  EXPECT_EQ(seen.differences.units, 30);
  EXPECT_EQ(seen.distinct_rows, 600);
  EXPECT_NE(seen.differences.mean_variance, seen.differences.block_variance / 2);
}

TEST_F(Blocks, EveryKindOfPrediction) {
  const auto difference = [&](const std::string& a, const std::string& b, const char* metric) {
    return compare_blocks({file("a", a)}, {file("b", b)}, {.metric = metric, .draws = 200}).differences.by_block[0];
  };
  const std::string wrong = R"({"gold": "x", "probabilities": {"x": 0.4, "y": 0.6}})",
                    right = R"({"gold": "y", "probabilities": [0.2, 0.8]})";
  EXPECT_NEAR(difference(R"({"gold": 0, "probabilities": [0.9, 0.1]})"
                         "\n"
                         R"({"gold": 1, "probabilities": [0.5, 0.5]})"
                         "\n",
                         R"({"gold": 0, "probabilities": [0.6, 0.4]})"
                         "\n"
                         R"({"gold": 1, "logits": [0, 0]})"
                         "\n",
                         "log_loss"),
              (std::log(0.9) - std::log(0.6)) / 2, 1e-6);
  EXPECT_NEAR(difference("{\"gold\": [\"a\"], \"labels\": [\"a\"]}\n{\"gold\": [], \"labels\": []}\n",
                         "{\"gold\": [\"a\"], \"probabilities\": {\"a\": 0.4, \"b\": 0.6}}\n{\"gold\": [], "
                         "\"probabilities\": {\"a\": 0.1}}\n",
                         "subset_accuracy"),
              0.5, 1e-12);
  EXPECT_NEAR(difference("{\"gold\": 3, \"score\": 2}\n{\"gold\": 1, \"score\": 1}\n",
                         "{\"gold\": 3, \"score\": 0}\n{\"gold\": 1, \"score\": 1}\n", "mae"),
              1, 1e-12)
      << "less is better: turned";
  EXPECT_NEAR(
      difference(
          "{\"gold\": [\"B-X\", \"O\"], \"tags\": [\"B-X\", \"O\"]}\n{\"gold\": [\"B-X\"], \"tags\": [\"B-X\"]}\n",
          "{\"gold\": [\"B-X\", \"O\"], \"tags\": [\"O\", \"O\"]}\n{\"gold\": [\"B-X\"], \"tags\": [\"B-X\"]}\n",
          "entity_recall"),
      0.5, 1e-12);
  EXPECT_NEAR(difference("{\"ranks\": [1]}\n{\"ranks\": [2]}\n", "{\"ranks\": [2]}\n{\"ranks\": [2]}\n", "mrr"), 0.25,
              1e-12);
}

// What was decided counts, also where that was none; metrics of ranks read the probabilities all the same.
TEST_F(Blocks, NoLabelIsADecision) {
  const std::string gold = R"({"gold": ["a"], "labels": ["a"], "probabilities": {"a": 0.2, "b": 0.1}})"
                           "\n";
  const PredictionFile decided = file("a", gold + R"({"gold": [], "labels": [], "probabilities": {"a": 0.9}})" + "\n");
  const PredictionFile open = file("b", gold + R"({"gold": [], "probabilities": {"a": 0.9}})" + "\n");
  const auto value = [&](const char* metric) {
    return compare_blocks({decided}, {open}, {.metric = metric, .draws = 200}).blocks[0];
  };
  EXPECT_EQ(value("subset_accuracy").first, 1);
  EXPECT_EQ(value("subset_accuracy").second, 0.5);
  EXPECT_EQ(value("auroc_micro").first, value("auroc_micro").second);
}

TEST_F(Blocks, GoldFromTheDataFile) {
  const auto data = folder_.put("test.csv", "id,text,label\nr1,one,x\nr2,two,y\n").string();
  Files files{file("a", "{\"id\": \"r2\", \"label\": \"x\"}\n{\"id\": \"r1\", \"label\": \"x\"}\n")};
  EXPECT_ERROR(ErrorKind::input, check_gold(files), "no \"gold\"", "--gold FILE");
  take_gold(files, data, {});
  check_gold(files);
  EXPECT_EQ(files[0].rows[0].gold, std::vector<std::string>{"y"});
  Files others{file("b", "{\"id\": \"r9\", \"label\": \"x\"}\n")};
  EXPECT_ERROR(ErrorKind::input, take_gold(others, data, {}), "has no row 'r9'");
  Files unnamed{file("c", "{\"label\": \"x\"}\n")};
  EXPECT_ERROR(ErrorKind::input, take_gold(unnamed, data, {}), "has 1 rows", "has 2");
}

TEST_F(Blocks, TagsFromEntitiesAtPlaces) {
  const auto data = folder_.put("test.conll", "Ada B-PER\nLovelace I-PER\nwrote O\n\n").string();
  Files files{file("a", R"({"entities": [{"label": "PER", "text": "Ada Lovelace", "start": 0, "end": 12}]})")};
  EXPECT_ERROR(ErrorKind::input, (check_gold(files)), "gold");
  take_gold(files, data, {});
  check_gold(files);
  EXPECT_EQ(files[0].rows[0].predicted, (std::vector<std::string>{"B-PER", "I-PER", "O"}));
}

TEST_F(Blocks, Refusals) {
  EXPECT_ERROR(ErrorKind::input, file("a", ""), "no predictions in it");
  EXPECT_ERROR(ErrorKind::input, file("a", "[1]\n"), "a line 1", "JSON object");
  EXPECT_ERROR(ErrorKind::input, file("a", "{\"id\": 1, \"label\": 2}\n{\"label\": 2}\n"), "a line 2", "no \"id\"");
  EXPECT_ERROR(ErrorKind::input, file("a", "{\"id\": 1, \"label\": 2}\n{\"id\": 1, \"label\": 2}\n"), "line 2",
               "'1' stands on line 1 too");
  EXPECT_ERROR(ErrorKind::input, file("a", "{\"gold\": 1, \"probabilities\": [0.2, 1.8]}\n"),
               "the probability of '1' is 1.8");
  EXPECT_ERROR(ErrorKind::input, file("a", "{\"gold\": 1}\n"), "no prediction");
  EXPECT_ERROR(ErrorKind::input, file("a", "{\"ranks\": [0]}\n"), "the rank 0");
  const PredictionFile one = file("one", "{\"id\": 1, \"gold\": 1, \"label\": 1}\n"),
                       two = file("two", "{\"id\": 2, \"gold\": 1, \"label\": 1}\n"),
                       other = file("other", "{\"id\": 1, \"gold\": 0, \"label\": 1}\n"),
                       number = file("n", "{\"id\": 1, \"gold\": 0, \"score\": 1}\n");
  const PredictionFile wrong = file("wrong", "{\"id\": 1, \"gold\": 1, \"label\": 0}\n");
  EXPECT_ERROR(ErrorKind::input, compare_blocks({one}, {two}, {.metric = "accuracy"}), "are of other rows",
               "'1' stands in");
  EXPECT_ERROR(ErrorKind::input, compare_blocks({one}, {other}, {.metric = "accuracy"}),
               "say differently what is right of '1'");
  EXPECT_ERROR(ErrorKind::input, compare_blocks({one}, {number}, {.metric = "accuracy"}), "predictions of regress");
  EXPECT_ERROR(ErrorKind::input, compare_blocks({one}, {one}, {.metric = "mae"}), "all rows and all answers are '1'");
  EXPECT_ERROR(ErrorKind::usage, compare_blocks({wrong}, {wrong}, {.metric = "mae"}), "do not have it", "accuracy");
  EXPECT_ERROR(ErrorKind::usage, compare_blocks({wrong}, {wrong}, {.metric = "accurracy"}), "did you mean 'accuracy'");
  EXPECT_ERROR(ErrorKind::input, compare_blocks({wrong}, {wrong}, {.metric = "log_loss"}), "reads probabilities",
               "no probabilities");
}

TEST_F(Blocks, NotesAFailedRunAndRareLabels) {
  std::string text, good;
  for (int i = 0; i < 40; ++i) {
    text += fmt::format(R"({{"id": {}, "gold": {}, "label": 0}})", i, i % 10 == 0) + "\n";
    good += fmt::format(R"({{"id": {}, "gold": {}, "label": {}}})", i, i % 10 == 0, i % 10 == 0) + "\n";
  }
  const Comparison seen = compare_blocks({file("a", text)}, {file("b", good)}, {.metric = "macro_f1"});
  ASSERT_EQ(seen.notes.size(), 2);
  EXPECT_NE(seen.notes[0].find("a run that failed"), std::string::npos);
  EXPECT_NE(seen.notes[1].find("fewer than 10 rows"), std::string::npos);
}

}  // namespace
}  // namespace attune::compare
