#include "attune/data/windows.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>

#include "attune/base/rng.h"

namespace attune::data {
namespace {

std::vector<int32_t> starts_of(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> starts{0};
  for (int32_t length : lengths) starts.push_back(starts.back() + length);
  return starts;
}

TEST(Windows, AShortSentenceIsOneWindow) {
  const auto windows = make_windows(starts_of({1, 2, 1}), 4, 2);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].word_end, 3);
  EXPECT_EQ(windows[0].own_end, 3);
  EXPECT_EQ(make_windows(starts_of({}), 4, 2).size(), 1u);
}

TEST(Windows, ByHand) {
  // Ten words of one piece, room for six, two shared: [0, 6) and [4, 10). Words 4 and 5 stand in both; word 4 has one
  // word to its right in the first and none to its left in the second.
  const auto windows = make_windows(starts_of(std::vector<int32_t>(10, 1)), 6, 2);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].word_end, 6);
  EXPECT_EQ(windows[0].own_end, 5);
  EXPECT_EQ(windows[1].word_begin, 4);
  EXPECT_EQ(windows[1].own_begin, 5);
  EXPECT_EQ(windows[1].own_end, 10);
}

// Every word belongs to exactly one window, the one where it is farthest from an edge (the earlier of equals), whatever
// the lengths.
TEST(Windows, EveryWordOnceWhereItIsFarthestFromAnEdge) {
  for (uint32_t trial = 0; trial < 2000; ++trial) {
    const uint64_t key = mix_key(42, trial);
    const auto room = static_cast<int32_t>(4 + random_below(key, 0, 20));
    const auto words = static_cast<int32_t>(1 + random_below(key, 1, 120));
    const auto overlap = static_cast<int32_t>(random_below(key, 2, static_cast<uint32_t>(room)));
    std::vector<int32_t> lengths;
    const uint32_t shortest = trial % 2;  // words without pieces are allowed in every other trial
    for (int32_t w = 0; w < words; ++w)
      lengths.push_back(static_cast<int32_t>(
          shortest + random_below(key, 10 + static_cast<uint32_t>(w), static_cast<uint32_t>(room))));
    const auto starts = starts_of(lengths);
    const auto windows = make_windows(starts, room, overlap);
    const auto distance = [&](const Window& window, int32_t w) {
      constexpr int32_t kFar = std::numeric_limits<int32_t>::max();
      const int32_t left = window.word_begin == 0 ? kFar : starts[w] - starts[window.word_begin];
      const int32_t right = window.word_end == words ? kFar : starts[window.word_end] - starts[w + 1];
      return std::min(left, right);
    };
    int32_t next = 0;
    for (const Window& window : windows) {
      ASSERT_LE(starts[window.word_end] - starts[window.word_begin], room) << "trial " << trial;
      ASSERT_EQ(window.own_begin, next) << "trial " << trial;
      ASSERT_GE(window.own_begin, window.word_begin);
      ASSERT_LE(window.own_end, window.word_end);
      next = window.own_end;
      for (int32_t w = window.own_begin; w < window.own_end; ++w)
        for (const Window& other : windows) {
          if (w < other.word_begin || w >= other.word_end || &other == &window) continue;
          const bool tie_allowed = &other > &window || shortest == 0;
          ASSERT_GE(distance(window, w), distance(other, w) + (tie_allowed ? 0 : 1))
              << "trial " << trial << ", word " << w << ": [" << window.word_begin << ", " << window.word_end
              << ") owns [" << window.own_begin << ", " << window.own_end << "), other [" << other.word_begin << ", "
              << other.word_end << ")";
        }
    }
    ASSERT_EQ(next, words) << "trial " << trial;
  }
}

}  // namespace
}  // namespace attune::data
