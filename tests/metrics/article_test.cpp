// The slips of the article this project began with, as arithmetic (docs/article.md): those that are about figures.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "attune/metrics/classification.h"
#include "attune/metrics/tagging.h"

namespace attune::metrics {
namespace {

// ---- 5.2: accuracy = right answers / number of batches

// `right[row]` as records of a task of two classes.
double accuracy_of(const std::vector<bool>& right) {
  ClassificationMeter meter(2, static_cast<int64_t>(right.size()));
  const float logits[] = {0, 1};
  for (size_t row = 0; row < right.size(); ++row) meter.add(static_cast<int64_t>(row), right[row] ? 1 : 0, logits);
  return summarize(meter.records(), 2).scores.value("accuracy");
}

struct ByBatches {
  double printed = 0;        // as the article computes it: right answers / batches
  double mean_of_means = 0;  // as it may have been meant
  double batches = 0;
};
ByBatches by_batches(const std::vector<bool>& right, size_t size) {
  ByBatches sums;
  for (size_t at = 0; at < right.size(); at += size, ++sums.batches) {
    const auto begin = right.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = right.begin() + static_cast<std::ptrdiff_t>(std::min(right.size(), at + size));
    const auto correct = static_cast<double>(std::count(begin, end, true));
    sums.printed += correct;
    sums.mean_of_means += correct / static_cast<double>(end - begin);
  }
  sums.printed /= sums.batches, sums.mean_of_means /= sums.batches;
  return sums;
}

// BANKING77's 3,080 test rows, of which 2,803 are answered well.
TEST(Article, AccuracyByBatchesIsNoAccuracy) {
  std::vector<bool> right(3080, true);
  for (size_t i = 0; i < 277; ++i) right[i * 11] = false;
  EXPECT_NEAR(accuracy_of(right), 2803.0 / 3080, 1e-12);
  EXPECT_NEAR(accuracy_of(right), 0.910, 5e-4);
  EXPECT_EQ(by_batches(right, 16).batches, 193);
  EXPECT_NEAR(by_batches(right, 16).printed, 14.52, 5e-3) << "a share of 1,452%";
  EXPECT_NEAR(by_batches(right, 32).printed, 2803.0 / 97, 1e-12) << "and twice that for batches twice as large";
}

// Nor is the mean of the batches' accuracies, unless all are of one size: the last, smaller one counts too much.
TEST(Article, MeanOfBatchAccuraciesIsNoAccuracy) {
  std::vector<bool> right(40, true);
  std::fill(right.begin() + 32, right.end(), false);  // all mistakes among the last 8 of batches of 16
  EXPECT_DOUBLE_EQ(accuracy_of(right), 32.0 / 40);
  EXPECT_DOUBLE_EQ(by_batches(right, 16).mean_of_means, (1 + 1 + 0) / 3.0);
  EXPECT_DOUBLE_EQ(by_batches(right, 8).mean_of_means, 32.0 / 40) << "even batches: here they agree";
}

// ---- 5.4: the table of named entities

struct Row {
  std::string name;
  double precision, recall, f1;
  int64_t support;
};
// As printed there, with its two lines of averages.
const std::vector<Row> kPrinted{{"B-PER", 0.926, 0.906, 0.916, 1668}, {"I-PER", 0.900, 0.805, 0.850, 257},
                                {"B-LOC", 0.875, 0.856, 0.865, 702},  {"I-LOC", 0.838, 0.782, 0.809, 216},
                                {"B-ORG", 0.914, 0.898, 0.906, 1661}, {"I-ORG", 0.911, 0.894, 0.902, 835},
                                {"O", 0.993, 0.995, 0.994, 38323}};
const Row kMacro{"macro avg", 0.923, 0.889, 0.906, 46435}, kWeighted{"weighted avg", 0.973, 0.973, 0.973, 46435};

// Words of CoNLL-2003's test set by their IOB2 label, counted in the file.
const std::map<std::string, int64_t> kWords{{"B-LOC", 1668}, {"I-LOC", 257},  {"B-MISC", 702},
                                            {"I-MISC", 216}, {"B-ORG", 1661}, {"I-ORG", 835},
                                            {"B-PER", 1617}, {"I-PER", 1156}, {"O", 38323}};
constexpr double kHalfADigit = 0.0005;  // what rounding to three digits hides

double column(const Row& row, int which) {
  return which == 0 ? row.precision : which == 1 ? row.recall : row.f1;
}

// Every printed support is that of exactly one label of the set, under another name in four rows of seven; the two
// labels that no row is left for are those of persons, and they are what the total lacks.
TEST(Article, TheTablesRowsAreShiftedAndMissing) {
  int64_t printed = 0, all = 0;
  std::map<std::string, int64_t> left = kWords;
  std::map<std::string, std::string> really;
  for (const Row& row : kPrinted) {
    printed += row.support;
    for (const auto& [label, words] : kWords)
      if (words == row.support) {
        EXPECT_TRUE(really.emplace(row.name, label).second) << row.name;
      }
    ASSERT_TRUE(really.contains(row.name)) << "no label has " << row.support << " words";
    left.erase(really[row.name]);
  }
  EXPECT_EQ(really, (std::map<std::string, std::string>{{"B-PER", "B-LOC"},
                                                        {"I-PER", "I-LOC"},
                                                        {"B-LOC", "B-MISC"},
                                                        {"I-LOC", "I-MISC"},
                                                        {"B-ORG", "B-ORG"},
                                                        {"I-ORG", "I-ORG"},
                                                        {"O", "O"}}));
  EXPECT_EQ(left, (std::map<std::string, int64_t>{{"B-PER", 1617}, {"I-PER", 1156}}));
  for (const auto& [label, words] : kWords) all += words;
  EXPECT_EQ(all, kMacro.support);
  EXPECT_EQ(printed, 43662);
  EXPECT_EQ(all - printed, 1617 + 1156);
}

// The averages are not those of the printed rows, so rows are missing; and no two rows of persons give both of them.
TEST(Article, TheTablesAveragesFitNoRows) {
  const double macro[] = {0.908, 0.877, 0.892}, weighted[] = {0.983, 0.982, 0.982};  // of the printed rows
  for (int which = 0; which < 3; ++which) {
    SCOPED_TRACE(which);
    double sum = 0, by_words = 0, words = 0;
    for (const Row& row : kPrinted) {
      sum += column(row, which), by_words += static_cast<double>(row.support) * column(row, which);
      words += static_cast<double>(row.support);
    }
    EXPECT_NEAR(sum / 7, macro[which], kHalfADigit);
    EXPECT_NEAR(by_words / words, weighted[which], kHalfADigit);
    EXPECT_GT(column(kMacro, which) - sum / 7, 2 * kHalfADigit);
    EXPECT_GT(by_words / words - column(kWeighted, which), 2 * kHalfADigit);

    // Two more rows, of at most 1 each, would have to bring the mean of nine to the printed one: even with all
    // roundings in its favour that asks so much of both that the weighted mean cannot be as low as printed.
    const double least_sum = 9 * (column(kMacro, which) - kHalfADigit) - (sum + 7 * kHalfADigit);
    const double most_by_words =
        46435 * (column(kWeighted, which) + kHalfADigit) - (by_words - words * kHalfADigit);  // of the 2,773
    EXPECT_GT(2773 * (least_sum - 1), most_by_words) << "each of the two is at least least_sum - 1";
    if (which != 2) continue;
    EXPECT_NEAR(by_words, 42879.4, 0.05);
    EXPECT_NEAR((9 * kMacro.f1 - sum) / 2, 0.956, kHalfADigit);
    EXPECT_NEAR((46435 * kWeighted.f1 - by_words) / 2773, 0.830, kHalfADigit);
    const double from_macro = (9 + 7) * kHalfADigit / 2, from_weighted = (46435 + words) * kHalfADigit / 2773;
    EXPECT_NEAR(from_macro + from_weighted, 0.020, kHalfADigit) << "what rounding can explain of 0.126";
    EXPECT_NEAR(least_sum - 1, 0.904, kHalfADigit);
  }
}

// A tagger that says O to every word, on that set's counts of labels.
TEST(Article, TheTablesHeadlineIsMostlyO) {
  std::vector<std::string> labels;
  std::vector<int32_t> gold;
  for (const auto& [label, words] : kWords) {
    gold.insert(gold.end(), static_cast<size_t>(words), static_cast<int32_t>(labels.size()));
    labels.push_back(label);
  }
  TaggingMeter meter(labels, 1);
  meter.add(0, gold, std::vector<int32_t>(gold.size(), static_cast<int32_t>(labels.size()) - 1));
  const TaggingResult nothing = summarize(meter, {.draws = 0});
  EXPECT_NEAR(nothing.scores.value("token_accuracy"), 0.825, kHalfADigit);
  EXPECT_EQ(nothing.scores.value("entity_f1"), 0);
  EXPECT_EQ(nothing.tokens.support, 46435);

  EXPECT_NEAR(38323.0 / 46435 * kPrinted.back().f1, 0.820, kHalfADigit) << "O's part of the 0.973";
  double by_words = 0, words = 0;
  for (const Row& row : kPrinted)
    if (row.name != "O")
      by_words += static_cast<double>(row.support) * row.f1, words += static_cast<double>(row.support);
  EXPECT_NEAR(by_words / words, 0.896, kHalfADigit) << "without O";
}

}  // namespace
}  // namespace attune::metrics
