#include "attune/report/text.h"

#include <gtest/gtest.h>
#include <sstream>

#include "attune/report/columns.h"

#include "tests/report/sample_report.h"

namespace attune::report {
namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

TEST(Text, OpensWithTheHeadlineAndItsInterval) {
  const Report report = sample_report();
  const auto shown = lines(to_text(report));
  ASSERT_GT(shown.size(), 3U);
  const double accuracy = report.splits[1].scores.value("accuracy");
  EXPECT_NE(shown[2].find(fmt::format("test accuracy  {:.2f}%", 100 * accuracy)), std::string::npos) << shown[2];
  EXPECT_NE(shown[2].find("95% interval"), std::string::npos);
  EXPECT_NE(shown[2].find("200 rows, data/test.csv"), std::string::npos);
}

TEST(Text, FitsItsWidth) {
  Report report = sample_report(40, 900);
  report.show_texts = true;
  for (auto& label : report.labels) label += "_and_a_very_long_tail_that_no_terminal_has_room_for";
  report.splits[1].files = std::string(200, 'p');
  for (const int width : {100, 80}) {
    for (const std::string& line : lines(to_text(report, {.width = width}))) {
      EXPECT_LE(display_width(line), width) << line;
    }
  }
}

TEST(Text, ManyClassesShowTheWorstAndTheBest) {
  const Report report = sample_report(40, 900);
  const std::string text = to_text(report);
  EXPECT_NE(text.find("the worst 10 and the best 3 of 40"), std::string::npos);
  const auto shown = lines(text);
  const auto start = std::find_if(shown.begin(), shown.end(), [](const auto& l) { return l.starts_with("Classes"); });
  ASSERT_NE(start, shown.end());
  EXPECT_EQ(start[2 + 10], "  ···") << "a header, ten rows, then the gap";
}

TEST(Text, NoEscapeSequencesUnlessColourIsAsked) {
  const Report report = sample_report();
  EXPECT_EQ(to_text(report).find('\x1b'), std::string::npos) << "also none from the data";
  EXPECT_NE(to_text(report, {.colour = true}).find("\x1b[1m"), std::string::npos);
}

TEST(Text, TextsOnlyWhenAsked) {
  Report report = sample_report();
  EXPECT_EQ(to_text(report).find("SECRET"), std::string::npos);
  EXPECT_NE(to_text(report).find("--report-text"), std::string::npos);
  report.show_texts = true;
  EXPECT_NE(to_text(report).find("SECRET"), std::string::npos);
}

TEST(Text, UndefinedMetricsSayWhy) {
  Report report;
  report.task = "classify";
  Split split{.name = "test", .rows = 0};
  split.scores = metrics::summarize(std::span<const metrics::ClassRecord>{}, 2).scores;
  report.splits.push_back(split);
  const std::string text = to_text(report);
  EXPECT_NE(text.find("undefined"), std::string::npos);
  EXPECT_NE(text.find("because there are no rows"), std::string::npos) << text;
}

TEST(Text, TaggingHasTheArticlesTableWithTheRightNames) {
  const std::string text = to_text(sample_tagging());
  EXPECT_NE(text.find("Entities"), std::string::npos);
  // Gold: B I O O twice; predicted the second time: B O O and one word cut off, which counts as O.
  const std::string table =
      "                precision  recall  f1-score  support\n"
      "             O      0.800   1.000     0.889        4\n"
      "         B-PER      1.000   1.000     1.000        2\n"
      "         I-PER      1.000   0.500     0.667        2\n"
      "\n"
      "      accuracy                        0.875        8\n"
      "     macro avg      0.933   0.833     0.852        8\n"
      "  weighted avg      0.900   0.875     0.861        8\n";
  EXPECT_NE(text.find(table), std::string::npos) << text;
  EXPECT_NE(text.find("1 of 8 (12.50%)"), std::string::npos) << "words lost";
}

TEST(Text, IntervalsAreNamedWhereThereAreAny) {
  EXPECT_NE(to_text(sample_report()).find("95% bootstrap"), std::string::npos);
  Report report = sample_report();
  for (Split& split : report.splits) {
    metrics::Scores bare;
    for (const metrics::Score& score : split.scores) bare.set(score.name, score.value);
    split.scores = bare;
  }
  for (LadderRow& row : report.ladder->rows) row.interval.reset();
  EXPECT_EQ(to_text(report).find("bootstrap"), std::string::npos);
  EXPECT_EQ(to_text(report).find("with 95% interval"), std::string::npos);
}

TEST(Text, ThresholdsChosenOnTheirOwnRowsAreOwned) {
  Report report = sample_report();
  const std::string note = "dev: thresholds were chosen on these rows: the figures flatter";
  EXPECT_EQ(to_text(report).find(note), std::string::npos);
  report.splits[0].thresholds_chosen_here = true;
  EXPECT_NE(to_text(report).find(note), std::string::npos);
}

TEST(Text, EmptyReportIsATitle) {
  EXPECT_EQ(lines(to_text({.task = "classify"})).size(), 2U);
}

}  // namespace
}  // namespace attune::report
