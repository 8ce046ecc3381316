#include "attune/baselines/hashed_ngrams.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "golden.h"

namespace attune::baselines {
namespace {

TEST(HashedNgrams, WordsAndPairsInReadingOrder) {
  const auto cat = ngram_hashes("Cat", 1);
  ASSERT_EQ(cat.size(), 1u);
  EXPECT_EQ(ngram_hashes("cat!", 1), cat) << "lower-cased, punctuation left out";
  EXPECT_EQ(ngram_hashes("CAT", 1), cat);
  EXPECT_NE(ngram_hashes("cat", 2), cat) << "the texts of a pair have n-grams of their own";
  EXPECT_EQ(ngram_hashes("the cat sat", 1).size(), 5u) << "three words, two pairs";
  EXPECT_NE(ngram_hashes("the cat", 1).back(), ngram_hashes("cat the", 1).back());
  EXPECT_TRUE(ngram_hashes("", 1).empty());
  EXPECT_TRUE(ngram_hashes(" ?! ", 1).empty());
}

TEST(HashedNgrams, AChineseCharacterIsAWord) {
  EXPECT_EQ(ngram_hashes("很好吃", 1).size(), 5u);
  EXPECT_EQ(ngram_hashes("iphone很好", 1).size(), 5u) << "a Latin word ends where Chinese begins";
}

TEST(HashedNgrams, InvalidUtf8IsNoWordAndNoCrash) {
  EXPECT_EQ(ngram_hashes("a \xff\xfe b", 1).size(), 3u);
}

TEST(HashedNgrams, ValuesAreScikitLearns) {
  const auto file = golden();
  const auto texts = file["texts"].get<std::vector<std::string>>();
  const std::vector<TextPair> train{{texts[0]}, {texts[1]}, {texts[2]}};
  const HashedNgrams ngrams(train, 1000);
  EXPECT_EQ(ngrams.columns(), file["ngrams"].get<int64_t>());
  std::vector<TextPair> all;
  for (const auto& text : texts) all.push_back({text});
  const SparseFeatures features = ngrams.features(all, 1);
  for (size_t i = 0; i < texts.size(); ++i) {
    std::vector<double> values;
    for (const SparseEntry& entry : features.row(static_cast<int64_t>(i)))
      values.push_back(static_cast<double>(entry.value));
    std::sort(values.begin(), values.end());
    const auto expected = file["tfidf"][i].get<std::vector<double>>();
    ASSERT_EQ(values.size(), expected.size()) << texts[i];
    for (size_t j = 0; j < values.size(); ++j) EXPECT_NEAR(values[j], expected[j], 1e-6) << texts[i];
  }
}

TEST(HashedNgrams, KeepsThoseInTheMostTexts) {
  const std::vector<TextPair> train{{"a b"}, {"a c"}, {"a b"}};
  const HashedNgrams ngrams(train, 2);
  EXPECT_EQ(ngrams.columns(), 2);
  const std::vector<TextPair> rare{{"c"}}, common{{"a"}};
  EXPECT_TRUE(ngrams.features(rare, 1).row(0).empty());
  EXPECT_EQ(ngrams.features(common, 1).row(0).size(), 1u);
}

TEST(SparseFeatures, ProductsAreThoseOfTheMatrix) {
  // [[1, 0, 2], [0, 0, 0], [0, 3, 0]]
  const SparseFeatures x({0, 2, 2, 3}, {{0, 1}, {2, 2}, {1, 3}}, 3, 2);
  const std::vector<float> w{1, 10, 2, 20, 3, 30};
  std::vector<float> out(6);
  x.multiply(w, 2, out);
  EXPECT_EQ(out, (std::vector<float>{7, 70, 0, 0, 6, 60}));
  const std::vector<float> g{1, 10, 2, 20, 3, 30};
  x.multiply_transposed(g, 2, out);
  EXPECT_EQ(out, (std::vector<float>{1, 10, 9, 90, 2, 20}));
}

}  // namespace
}  // namespace attune::baselines
