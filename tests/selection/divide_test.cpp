// Which rows learn and which judge: clusters in one piece, each row judged once, labels spread evenly, by content.
#include "attune/selection/divide.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <set>

#include "attune/base/rng.h"

#include "tests/base/expect_error.h"

namespace attune::selection {
namespace {

constexpr uint64_t kSeed = 11;

// A row that is its own cluster unless told otherwise.
struct Row {
  std::string text, label;
  int cluster = -1;  // rows of the same number stand together
};

struct Pool {
  data::Dataset set;
  Clusters clusters;
  std::vector<Row> rows;

  explicit Pool(std::vector<Row> all) : rows(std::move(all)) {
    set.files = {"train.csv"};
    std::map<int, int32_t> first;
    for (const Row& row : rows) {
      data::Example example;
      example.text = row.text, example.labels = {row.label}, example.has_target = true;
      const auto at = static_cast<int32_t>(set.examples.size());
      set.examples.push_back(example);
      clusters.of_row.push_back(row.cluster < 0 ? at : first.emplace(row.cluster, at).first->second);
    }
  }
  std::vector<Division> divided(const DivideOptions& options, data::TargetKind kind = data::TargetKind::label) const {
    return divide(set, kind, clusters, options);
  }
  DivideOptions without_dev(int blocks) const {
    return {.dev_from = static_cast<int64_t>(rows.size()), .blocks = blocks, .seed = kSeed};
  }
};

// Labels of 1, 3 and 9 parts, a row in `per` of a cluster of `size`.
Pool pool(int count, int cluster_every = 0, int size = 3) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    const int draw = i % 13;
    Row row{.text = fmt::format("text {}", i), .label = draw < 1 ? "rare" : draw < 4 ? "some" : "many"};
    if (cluster_every > 0) row.cluster = i % cluster_every < size ? i / cluster_every : 1'000'000 + i;
    rows.push_back(row);
  }
  return Pool(std::move(rows));
}

std::vector<size_t> places(const Division& division, char part) {
  std::vector<size_t> found;
  for (size_t i = 0; i < division.of_row.size(); ++i)
    if (division.of_row[i] == part) found.push_back(i);
  return found;
}

void expect_counts(const Division& division) {
  EXPECT_EQ(division.learns, std::count(division.of_row.begin(), division.of_row.end(), 't'));
  EXPECT_EQ(division.inner, std::count(division.of_row.begin(), division.of_row.end(), 'd'));
  EXPECT_EQ(division.judges, std::count(division.of_row.begin(), division.of_row.end(), 'e'));
}

TEST(Divide, EachRowIsJudgedOnceOverFiveFolds) {
  const Pool rows = pool(650);
  const auto divisions = rows.divided(rows.without_dev(4));
  ASSERT_EQ(divisions.size(), 5U);
  std::vector<int> judged(650, 0);
  for (const Division& each : divisions) {
    expect_counts(each);
    EXPECT_EQ(each.of_row.find('-'), std::string::npos) << "every row has a part";
    EXPECT_EQ(each.judges, 130);
    EXPECT_NEAR(static_cast<double>(each.inner), (650 - 130) / 8.0, 3);
    for (const size_t row : places(each, 'e')) ++judged[row];
  }
  EXPECT_EQ(std::count(judged.begin(), judged.end(), 1), 650);
}

TEST(Divide, LabelsAreSpreadEvenly) {
  const Pool rows = pool(653);  // no multiple of anything
  std::map<std::string, int64_t> all;
  for (const Row& row : rows.rows) ++all[row.label];
  for (const Division& each : rows.divided(rows.without_dev(4))) {
    std::map<char, std::map<std::string, int64_t>> of;
    for (size_t i = 0; i < rows.rows.size(); ++i) ++of[each.of_row[i]][rows.rows[i].label];
    for (const auto& [label, count] : all) {
      EXPECT_NEAR(static_cast<double>(of['e'][label]), static_cast<double>(count) / 5, 0.9999) << label;
      const double outside = static_cast<double>(count - of['e'][label]);
      EXPECT_NEAR(static_cast<double>(of['d'][label]), outside / 8, 0.9999) << label;
    }
  }
}

// A row of several labels belongs to its rarest one.
TEST(Divide, TheRarestOfSeveralLabels) {
  data::Dataset set;
  Clusters clusters;
  for (int i = 0; i < 200; ++i) {
    data::Example example;
    example.text = fmt::format("text {}", i), example.has_target = true;
    example.labels = {"common"};
    if (i % 10 == 0) example.labels = {"common", "rare"};
    if (i % 20 == 1) example.labels = {};
    clusters.of_row.push_back(i);
    set.examples.push_back(example);
  }
  for (const Division& each :
       divide(set, data::TargetKind::labels, clusters, {.dev_from = 200, .blocks = 4, .seed = kSeed})) {
    int rare = 0, none = 0;
    for (size_t i = 0; i < 200; ++i)
      rare += each.of_row[i] == 'e' && i % 10 == 0, none += each.of_row[i] == 'e' && i % 20 == 1;
    EXPECT_EQ(rare, 4) << "20 in five folds";
    EXPECT_EQ(none, 2) << "10 in five folds";
  }
}

TEST(Divide, ClustersAreNeverSplit) {
  const Pool rows = pool(700, /*cluster_every=*/10, /*size=*/4);
  for (const int blocks : {1, 4, 6})
    for (const Division& each : rows.divided(rows.without_dev(blocks))) {
      std::map<int32_t, std::set<char>> parts;
      for (size_t i = 0; i < rows.rows.size(); ++i) parts[rows.clusters.of_row[i]].insert(each.of_row[i]);
      for (const auto& [cluster, seen] : parts) EXPECT_EQ(seen.size(), 1U) << "cluster of row " << cluster;
    }
}

// By content: shuffled rows have the same parts, text by text. Labels come in another order too, and copies of a text
// have different labels.
TEST(Divide, WhateverTheOrderOfTheRows) {
  std::vector<Row> rows;
  for (int i = 0; i < 400; ++i)
    rows.push_back({.text = fmt::format("text {}", i), .label = std::string(1, static_cast<char>('a' + i % 7 % 5))});
  for (int i = 0; i < 40; ++i) {  // twins, and another label on one of them
    Row twin = rows[static_cast<size_t>(i)];
    twin.cluster = rows[static_cast<size_t>(i)].cluster = i;
    if (i % 2) twin.label = "e";
    rows.push_back(twin);
  }
  const auto by_text = [](const std::vector<Row>& all, const Division& division) {
    std::map<std::string, std::multiset<char>> parts;
    for (size_t i = 0; i < all.size(); ++i) parts[all[i].text].insert(division.of_row[i]);
    return parts;
  };
  const Pool straight(rows);
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (uint64_t shuffle = 1; shuffle <= 3; ++shuffle) {
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return mix_key(shuffle, a) < mix_key(shuffle, b); });
    std::vector<Row> other;
    for (const size_t at : order) other.push_back(rows[at]);
    const Pool shuffled(other);
    for (const int64_t most : {int64_t{20000}, int64_t{50}}) {
      DivideOptions options = straight.without_dev(6);
      options.most_judges = most;
      const auto a = straight.divided(options), b = shuffled.divided(options);
      ASSERT_EQ(a.size(), b.size());
      for (size_t block = 0; block < a.size(); ++block) {
        EXPECT_TRUE(by_text(rows, a[block]) == by_text(other, b[block]))
            << "block " << block << ", shuffle " << shuffle << ", at most " << most;
        EXPECT_EQ(a[block].judges, b[block].judges);
      }
    }
  }
  DivideOptions another = straight.without_dev(1);
  another.seed = kSeed + 1;
  EXPECT_NE(straight.divided(another)[0].of_row, straight.divided(straight.without_dev(1))[0].of_row)
      << "drawn by seed";
}

// Beyond four blocks the rows are grouped anew; those that judge the race judge no verdict, and still may be learned
// from.
TEST(Divide, RaceRowsNeverJudgeAVerdict) {
  const Pool rows = pool(650);
  const auto divisions = rows.divided(rows.without_dev(11));
  ASSERT_EQ(divisions.size(), 12U);
  const std::vector<size_t> race = places(divisions[0], 'e');
  for (size_t block = 1; block < divisions.size(); ++block) {
    for (const size_t row : race) EXPECT_NE(divisions[block].of_row[row], 'e') << "block " << block << " row " << row;
    EXPECT_NEAR(static_cast<double>(divisions[block].judges), 130, 3);
  }
  // Each round of four judges each row outside the race once, and rounds differ.
  for (size_t round = 0; round < 2; ++round) {
    std::vector<int> judged(650, 0);
    for (size_t block = 1 + 4 * round; block < 5 + 4 * round; ++block)
      for (const size_t row : places(divisions[block], 'e')) ++judged[row];
    EXPECT_EQ(std::count(judged.begin(), judged.end(), 1), 520) << round;
  }
  EXPECT_NE(divisions[1].of_row, divisions[5].of_row);
  EXPECT_NE(divisions[5].of_row, divisions[9].of_row);
}

TEST(Divide, ADevFileJudges) {
  const Pool rows = pool(700);
  const auto divisions = rows.divided({.dev_from = 500, .blocks = 3, .seed = kSeed});
  ASSERT_EQ(divisions.size(), 4U);
  const auto race = places(divisions[0], 'e');
  EXPECT_NEAR(static_cast<double>(race.size()), 0.4 * 200, 2);
  for (const Division& each : divisions) {
    expect_counts(each);
    for (const size_t row : places(each, 'e')) EXPECT_GE(row, 500U);
    for (size_t row = 0; row < 500; ++row) EXPECT_TRUE(each.of_row[row] == 't' || each.of_row[row] == 'd');
    for (size_t row = 500; row < 700; ++row) EXPECT_TRUE(each.of_row[row] == 'e' || each.of_row[row] == '-');
  }
  for (size_t block = 1; block < 4; ++block) {
    EXPECT_EQ(places(divisions[block], 'e'), places(divisions[1], 'e')) << "every block judges the same rows";
    EXPECT_EQ(divisions[block].judges + divisions[0].judges, 200);
  }
  EXPECT_NE(places(divisions[1], 'd'), places(divisions[2], 'd')) << "what is set aside inside differs";
}

// Of a cluster with a dev row, the training rows neither learn nor judge, in any block.
TEST(Divide, CopiesOfDevRowsNeitherLearnNorJudge) {
  std::vector<Row> all = pool(600).rows;
  for (size_t i = 0; i < 30; ++i) all[500 + i].cluster = all[i].cluster = static_cast<int>(i);
  all[100].cluster = all[101].cluster = 1000;  // twins among the training rows stay
  const Pool rows(all);
  for (const int64_t most : {int64_t{20000}, int64_t{25}})
    for (const Division& each : rows.divided({.dev_from = 500, .blocks = 2, .seed = kSeed, .most_judges = most})) {
      expect_counts(each);
      for (size_t i = 0; i < 30; ++i) EXPECT_EQ(each.of_row[i], '-') << "row " << i;
      EXPECT_EQ(each.of_row[100], each.of_row[101]);
      EXPECT_NE(each.of_row[100], '-');
      // Copies are no judges, so they take nobody's place either.
      if (most == 25) {
        EXPECT_EQ(each.judges, 25);
      }
    }
}

// In the order of time a run never learns from what comes after its judging rows, nor from their copies.
TEST(Divide, ByTimeThePastLearnsAndTheFutureJudges) {
  std::vector<Row> all = pool(640).rows;
  all[3].cluster = all[500].cluster = 7;  // an early copy of a late row
  all[610].cluster = all[620].cluster = 8;
  const Pool rows(all);
  DivideOptions options = rows.without_dev(3);
  options.in_time.resize(640);
  std::iota(options.in_time.begin(), options.in_time.end(), 0);
  const auto divisions = rows.divided(options);
  ASSERT_EQ(divisions.size(), 4U);
  size_t next = 320;  // the later half is cut into four
  for (const Division& each : divisions) {
    expect_counts(each);
    const auto judges = places(each, 'e');
    ASSERT_EQ(judges.size(), 80U);
    EXPECT_EQ(judges.front(), next);
    EXPECT_EQ(judges.back(), next + 79);
    for (const char part : {'t', 'd'})
      for (const size_t row : places(each, part)) EXPECT_LT(row, next);
    const bool copy_judges = next <= 500 && 500 < next + 80;
    EXPECT_EQ(each.of_row[3] == '-', copy_judges) << next;
    EXPECT_EQ(each.learns + each.inner, static_cast<int64_t>(next) - (copy_judges ? 1 : 0));
    next += 80;
  }
  EXPECT_EQ(next, 640U);
}

TEST(Divide, AtMostSoManyJudges) {
  const Pool rows = pool(1000);
  DivideOptions options = rows.without_dev(2);
  const auto whole = rows.divided(options);
  options.most_judges = 60;
  const auto thinned = rows.divided(options);
  for (size_t block = 0; block < whole.size(); ++block) {
    expect_counts(thinned[block]);
    EXPECT_EQ(thinned[block].judges, 60);
    EXPECT_EQ(thinned[block].learns, whole[block].learns) << "they are not learned from instead";
    for (size_t row = 0; row < 1000; ++row) {
      const char now = thinned[block].of_row[row], then = whole[block].of_row[row];
      EXPECT_TRUE(now == then || (now == '-' && then == 'e'));
    }
  }
}

TEST(Divide, TooFewRows) {
  const Pool five = pool(5);
  EXPECT_ERROR(ErrorKind::input, five.divided(five.without_dev(1)), "5 rows: nothing can be decided from this",
               "A fold of 1 judging rows moves by 100 points", "label 50 rows at least");
  const Pool enough = pool(static_cast<int>(kLeastRows));
  EXPECT_EQ(enough.divided(enough.without_dev(1)).size(), 2U);
  // One text fifty times over.
  std::vector<Row> same = enough.rows;
  for (Row& row : same) row.cluster = 0;
  const Pool alike(same);
  EXPECT_ERROR(ErrorKind::input, alike.divided(alike.without_dev(1)), "nothing can be decided from this",
               "too many of them are the same texts");
  // Every training row stands in --dev.
  std::vector<Row> copied = pool(100).rows;
  for (size_t i = 0; i < 50; ++i) copied[i].cluster = copied[50 + i].cluster = static_cast<int>(i);
  EXPECT_ERROR(ErrorKind::input, Pool(copied).divided({.dev_from = 50, .blocks = 1, .seed = kSeed}), "0 would learn",
               "all training rows stand in --dev");
}

}  // namespace
}  // namespace attune::selection
