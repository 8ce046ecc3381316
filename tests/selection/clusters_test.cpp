// Near texts against their definition, taken word for word and pair by pair.
#include "attune/selection/measure/clusters.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

#include "attune/base/rng.h"
#include "attune/base/utf8.h"
#include "attune/selection/measure/clusters_fold.h"
#include "attune/selection/measure/clusters_long.h"
#include "attune/selection/measure/clusters_short.h"

namespace attune::selection {
namespace {

constexpr uint64_t kClusterSeed = 20261129;

data::Examples texts(const std::vector<std::string>& all) {
  std::vector<data::Example> rows;
  for (const std::string& text : all) {
    rows.emplace_back();
    rows.back().text = text;
  }
  return data::Examples(rows);
}

// Levenshtein's distance by the whole table.
int64_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<int64_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int64_t>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t corner = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

// The set of 4-grams, spelt out in numbers (no test text has a character above U+FFFF), in order.
std::vector<uint64_t> gram_set(const std::u32string& text) {
  std::set<uint64_t> grams;
  for (size_t i = 0; i + 4 <= text.size(); ++i)
    grams.insert(uint64_t{text[i]} << 48 | uint64_t{text[i + 1]} << 32 | uint64_t{text[i + 2]} << 16 | text[i + 3]);
  return {grams.begin(), grams.end()};
}

struct Text {
  explicit Text(const std::string& text) : characters(folded(text)), grams(gram_set(characters)) {}
  std::u32string characters;
  std::vector<uint64_t> grams;
};

bool near_by_definition(const Text& a, const Text& b) {
  const size_t shorter = std::min(a.characters.size(), b.characters.size());
  const size_t longer = std::max(a.characters.size(), b.characters.size());
  if (shorter <= 60)
    return 10 * (longer - shorter) <= longer &&
           10 * distance(a.characters, b.characters) <= static_cast<int64_t>(longer);
  std::vector<uint64_t> both;
  std::set_intersection(a.grams.begin(), a.grams.end(), b.grams.begin(), b.grams.end(), std::back_inserter(both));
  const auto common = static_cast<double>(both.size());
  return common / (static_cast<double>(a.grams.size() + b.grams.size()) - common) >= 0.8;
}

// Draws texts and variants of them that differ in a few characters.
class Generator {
 public:
  explicit Generator(uint64_t key, bool chinese) : key_(key), chinese_(chinese) {}
  uint32_t below(uint32_t bound) { return random_below(key_, counter_++, bound); }
  std::u32string text(uint32_t length) {
    std::u32string out;
    while (out.size() < length) {
      if (chinese_) {
        out += static_cast<char32_t>(0x4E00 + below(2000));
        continue;
      }
      const uint32_t word = below(500);  // words come again, as they do in texts
      for (uint32_t c = 0; c < 2 + word % 7; ++c) out += static_cast<char32_t>(U'a' + random_bits(word, c) % 26);
      out += U' ';
    }
    out.resize(length);
    return out;
  }
  std::u32string edited(std::u32string text, uint32_t edits) {
    for (uint32_t e = 0; e < edits && !text.empty(); ++e) {
      const uint32_t at = below(static_cast<uint32_t>(text.size()));
      const char32_t c = chinese_ ? static_cast<char32_t>(0x4E00 + below(2000)) : U'a' + below(26);
      const uint32_t kind = below(3);
      if (kind == 0) text[at] = c;
      if (kind == 1) text.insert(text.begin() + at, c);
      if (kind == 2) text.erase(text.begin() + at);
    }
    return text;
  }

 private:
  uint64_t key_;
  bool chinese_;
  uint32_t counter_ = 0;
};

std::string bytes_of(const std::u32string& text) {
  std::string bytes;
  for (const char32_t c : text) utf8::append(bytes, c);
  return bytes;
}

struct Kind {
  const char* name;
  bool chinese;
  uint32_t shortest, longest, edits;
};

class NearTexts : public testing::TestWithParam<Kind> {};

TEST_P(NearTexts, AreFoundAsTheirDefinitionSays) {
  const Kind kind = GetParam();
  printf("seed %llu\n", static_cast<unsigned long long>(kClusterSeed));
  Generator generator(mix_key(kClusterSeed, kind.longest), kind.chinese);
  std::vector<std::string> rows;
  std::vector<Text> as_folded;
  for (int base = 0; base < 150; ++base) {
    const auto text = generator.text(kind.shortest + generator.below(kind.longest - kind.shortest + 1));
    for (int variant = 0; variant < 3; ++variant)
      rows.push_back(bytes_of(variant == 0 ? text : generator.edited(text, 1 + generator.below(kind.edits))));
  }
  for (const std::string& row : rows) as_folded.emplace_back(row);
  std::set<std::pair<int32_t, int32_t>> expected, found;
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t j = i + 1; j < rows.size(); ++j)
      if (as_folded[i].characters != as_folded[j].characters && near_by_definition(as_folded[i], as_folded[j]))
        expected.emplace(static_cast<int32_t>(i), static_cast<int32_t>(j));
  // A later copy of a text stands for none of its pairs.
  const Clusters clusters = find_clusters(texts(rows));
  std::set<int32_t> copies;
  for (const NearPair& pair : clusters.pairs)
    if (pair.exact) copies.insert(pair.second);
  std::erase_if(expected,
                [&](const auto& pair) { return copies.contains(pair.first) || copies.contains(pair.second); });
  for (const NearPair& pair : clusters.pairs)
    if (!pair.exact) {
      EXPECT_TRUE(found.emplace(pair.first, pair.second).second) << "a pair stands there twice";
    }
  size_t recalled = 0;
  for (const auto& pair : found) {
    recalled += expected.contains(pair);
    EXPECT_TRUE(expected.contains(pair)) << rows[static_cast<size_t>(pair.first)] << " / "
                                         << rows[static_cast<size_t>(pair.second)];
  }
  ASSERT_GT(expected.size(), 60U) << "the generator makes too few near texts for a test";
  EXPECT_LT(expected.size(), 3 * rows.size());
  printf("%s: %zu of %zu near pairs\n", kind.name, recalled, expected.size());
  EXPECT_GE(static_cast<double>(recalled), 0.95 * static_cast<double>(expected.size()));
  if (kind.longest <= 60) {
    EXPECT_EQ(recalled, expected.size()) << "the search of short texts is complete";
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, NearTexts,
                         testing::Values(Kind{"short", false, 5, 60, 8}, Kind{"both", false, 52, 72, 8},
                                         Kind{"long", false, 61, 400, 12}, Kind{"chinese_short", true, 4, 60, 6},
                                         Kind{"chinese_long", true, 61, 200, 10}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Clusters, FoldsWidthCaseAndBlanks) {
  EXPECT_EQ(folded("  Ｆｕｌｌ　Width\t\nLINE "), U"full width line");
  EXPECT_EQ(folded("e\xCC\x81T\xC3\x89"), U"\u00E9t\u00E9");  // é apart and as one
  EXPECT_EQ(folded("\xC2\xA0 a \xC2\xA0"), U"a");             // no-break spaces
  EXPECT_EQ(folded(""), U"");
  EXPECT_EQ(folded("今天 天气"), U"今天 天气");
}

TEST(Clusters, EqualTextsAreOneCluster) {
  const Clusters clusters = find_clusters(texts({"Hello  you", "other words", "hello you", "HELLO YOU ", "hello you"}));
  EXPECT_EQ(clusters.of_row, (std::vector<int32_t>{0, 1, 0, 0, 0}));
  EXPECT_EQ(clusters.exact_rows, 3);
  EXPECT_EQ(clusters.near_rows, 0);
  ASSERT_EQ(clusters.pairs.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(clusters.pairs[i].first, 0);
    EXPECT_EQ(clusters.pairs[i].second, static_cast<int32_t>(i) + 2);
    EXPECT_TRUE(clusters.pairs[i].exact);
  }
}

TEST(Clusters, OneWordOfEightIsNear) {
  // One letter of 43: near. "on" and "off": 2 edits of 20, near by a hair; of 19, not.
  const Clusters clusters =
      find_clusters(texts({"the quick brown fox jumps over the lazy dog", "what about lunch",
                           "the quick brown fox jumps over the lazy dig", "turn the lamps on ok",
                           "turn the lamps off ok", "turn the lamp on ok", "turn lamps on no", "turn lamps off no"}));
  EXPECT_EQ(clusters.of_row, (std::vector<int32_t>{0, 1, 0, 3, 3, 3, 6, 7}));
  EXPECT_EQ(clusters.near_rows, 3);
  EXPECT_EQ(clusters.exact_rows, 0);
}

TEST(Clusters, AChainIsOneCluster) {
  std::vector<std::string> chain;
  std::string text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";  // 30: 3 edits are near
  for (size_t i = 0; i < 10; ++i) {
    chain.push_back(text);
    for (size_t j = 0; j < 3; ++j) text[3 * i + j] = 'b';
  }
  ASSERT_FALSE(near_by_edits(folded(chain[0]), folded(chain[2])));
  std::rotate(chain.begin(), chain.begin() + 4, chain.end());
  chain.insert(chain.begin(), "something else altogether");
  const Clusters clusters = find_clusters(texts(chain));
  EXPECT_EQ(clusters.of_row[0], 0);
  for (size_t i = 1; i < chain.size(); ++i) EXPECT_EQ(clusters.of_row[i], 1) << i;
  EXPECT_EQ(clusters.pairs.size(), 9U);
  EXPECT_EQ(clusters.near_rows, 8) << "of ten rows the first follows none, nor does the chain's old beginning";
}

TEST(Clusters, BothTextsOfAPairCount) {
  std::vector<data::Example> rows(5);
  rows[0].text = "a b", rows[0].text_pair = "c", rows[0].has_pair = true;
  rows[1].text = "a", rows[1].text_pair = "b c", rows[1].has_pair = true;
  rows[2].text = "A  B", rows[2].text_pair = " C", rows[2].has_pair = true;
  rows[3].text = "a b c";
  rows[4].words = {"a", "B", "c"};  // a sentence without a text
  EXPECT_EQ(find_clusters(data::Examples(rows)).of_row, (std::vector<int32_t>{0, 1, 0, 3, 3}));
}

TEST(Clusters, RowsWithoutTextAndNoRows) {
  const Clusters clusters = find_clusters(texts({"", "a", " \t", "b"}));
  EXPECT_EQ(clusters.of_row, (std::vector<int32_t>{0, 1, 0, 3}));
  EXPECT_EQ(clusters.exact_rows, 1);
  EXPECT_TRUE(find_clusters(texts({})).of_row.empty());
}

TEST(Clusters, RowsOfATemplateStayAffordable) {
  // Every row is near every other: all pairs would be 9 million.
  std::vector<std::string> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back(fmt::format("please switch on the light in room number {:04}", i));
  for (int i = 0; i < 3000; ++i)
    rows.push_back(
        fmt::format("dear madam or sir, the invoice that you sent us last month, number {:04}, could not "
                    "be paid because the account is closed; please send us another one",
                    i));
  const Clusters clusters = find_clusters(texts(rows));
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(clusters.of_row[i], i < 3000 ? 0 : 3000);
  EXPECT_EQ(clusters.near_rows, 5998);
  EXPECT_LT(clusters.pairs.size(), 10 * rows.size());
}

}  // namespace
}  // namespace attune::selection
