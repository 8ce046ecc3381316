#include "attune/text/piece_trie.h"

#include <gtest/gtest.h>
#include <map>
#include <random>

namespace attune::text {
namespace {

TEST(PieceTrie, EmptyFindsNothing) {
  EXPECT_EQ(PieceTrie().longest("abc").value, PieceTrie::kNone);
  EXPECT_EQ(PieceTrie(std::vector<PieceTrie::Entry>()).longest(std::string(1, '\0')).value, PieceTrie::kNone);
}

TEST(PieceTrie, FindsTheLongestKey) {
  const std::string nul_key("a\0b", 3);
  const PieceTrie trie({{"a", 1}, {"abc", 2}, {"b", 3}, {nul_key, 4}, {"\xFF", 5}, {"a", 6}});
  EXPECT_EQ(trie.longest("abd").value, 6) << "of equal keys the last one counts";
  EXPECT_EQ(trie.longest("abcd").value, 2);
  EXPECT_EQ(trie.longest("abcd").length, 3U);
  EXPECT_EQ(trie.longest(nul_key).value, 4);
  EXPECT_EQ(trie.longest("\xFF").value, 5);
  EXPECT_EQ(trie.longest("x").value, PieceTrie::kNone);
  EXPECT_EQ(trie.value(trie.walk("abc")), 2);
  EXPECT_EQ(trie.value(trie.walk("ab")), PieceTrie::kNone);
  EXPECT_EQ(trie.walk("abd"), PieceTrie::kNowhere);
  EXPECT_EQ(trie.value(trie.step(trie.walk("abd"), 'd')), PieceTrie::kNone);
}

// Against a plain search in a map, over keys that share beginnings and use all bytes.
TEST(PieceTrie, EqualsAPlainSearch) {
  std::mt19937 random(7);
  const auto bytes = [&](size_t most, int alphabet) {
    std::string text(random() % (most + 1), ' ');
    for (char& c : text) c = static_cast<char>(random() % alphabet);
    return text;
  };
  for (const int alphabet : {2, 5, 256}) {
    std::map<std::string, int32_t> keys;
    for (int i = 0; i < 3000; ++i)
      if (const std::string key = bytes(6, alphabet); !key.empty()) keys[key] = i;
    std::vector<PieceTrie::Entry> entries(keys.begin(), keys.end());
    const PieceTrie trie(entries);
    for (int i = 0; i < 20000; ++i) {
      const std::string text = bytes(8, alphabet);
      PieceTrie::Match expected;
      for (size_t length = 1; length <= text.size(); ++length)
        if (const auto at = keys.find(text.substr(0, length)); at != keys.end()) expected = {at->second, length};
      const PieceTrie::Match found = trie.longest(text);
      ASSERT_EQ(found.value, expected.value);
      ASSERT_EQ(found.length, expected.length);
    }
  }
}

}  // namespace
}  // namespace attune::text
