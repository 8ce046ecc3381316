#include "attune/baselines/bm25.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::baselines {
namespace {

std::vector<float> scores(const Bm25& index, std::string_view query) {
  std::vector<float> all(static_cast<size_t>(index.documents()));
  index.score(query, all);
  return all;
}

TEST(Bm25, IsTheFormula) {
  Bm25 index;
  index.add("the cat sat on the mat");  // 6 words
  index.add("a dog");                   // 2; mean length (6 + 2 + 4) / 3 = 4
  index.add("the dog and cat");
  const auto all = scores(index, "cat THE");
  const auto idf = [](double in) { return std::log(1 + (3 - in + 0.5) / (in + 0.5)); };
  const auto part = [](double tf, double length) { return tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / 4)); };
  EXPECT_NEAR(static_cast<double>(all[0]), idf(2) * part(1, 6) + idf(2) * part(2, 6), 1e-6);
  EXPECT_EQ(all[1], 0);
  EXPECT_NEAR(static_cast<double>(all[2]), 2 * idf(2) * part(1, 4), 1e-6);
  const auto twice = scores(index, "cat cat");
  EXPECT_NEAR(static_cast<double>(twice[0]), 2 * idf(2) * part(1, 6), 1e-6);
}

TEST(Bm25, ChineseIsReadByCharacters) {
  Bm25 index;
  index.add("\u94f6\u884c\u5361\u4e22\u4e86");  // a bank card is lost
  index.add("\u4eca\u5929\u5929\u6c14");        // the weather today
  const auto all = scores(index, "\u6211\u7684\u5361\u4e22\u4e86");
  EXPECT_GT(all[0], 0);
  EXPECT_EQ(all[1], 0);
}

TEST(Bm25, NothingInCommonAndNothingAtAll) {
  Bm25 index;
  EXPECT_TRUE(scores(index, "x").empty());
  index.add("");
  EXPECT_EQ(scores(index, "x"), std::vector<float>{0});
}

}  // namespace
}  // namespace attune::baselines
