#include "attune/base/rng.h"

#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>

namespace attune {
namespace {

// The published outputs of SplitMix64 with seed 1234567.
TEST(Rng, Mix64IsSplitMix64) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15ULL;
  EXPECT_EQ(mix64(1234567 + kStep), 6457827717110365317ULL);
  EXPECT_EQ(mix64(1234567 + 2 * kStep), 3203168211198807973ULL);
  EXPECT_EQ(mix64(1234567 + 3 * kStep), 9817491932198370423ULL);
}

TEST(Rng, KeysDependOnOrderAndEveryPart) {
  EXPECT_NE(mix_key(mix_key(1, 2), 3), mix_key(mix_key(1, 3), 2));
  EXPECT_NE(mix_key(0, 0), 0u);
  EXPECT_NE(mix_key(5, 0), mix_key(5, 1));
}

TEST(Rng, DrawsAreAFunctionOfKeyAndCounter) {
  EXPECT_EQ(random_bits(7, 9), random_bits(7, 9));
  EXPECT_NE(random_bits(7, 9), random_bits(8, 9));
  EXPECT_NE(random_bits(7, 9), random_bits(7, 10));
  EXPECT_NE(random_bits(7, 9), random_bits(7ULL << 32, 9));
}

// A flipped input bit moves about half of the output bits: within 1.5 of 16 over 4,096 draws.
TEST(Rng, Avalanche) {
  for (int bit = 0; bit < 64; ++bit) {
    int moved = 0;
    for (uint32_t counter = 0; counter < 4096; ++counter) {
      const uint64_t key = mix64(counter + 1);
      moved += std::popcount(random_bits(key, counter) ^ random_bits(key ^ (1ULL << bit), counter));
    }
    EXPECT_NEAR(moved / 4096.0, 16.0, 1.5) << "key bit " << bit;
  }
}

TEST(Rng, UnitIsUniform) {
  constexpr int kDraws = 1 << 18;
  double sum = 0, squares = 0;
  std::array<int, 16> bins{};
  for (uint32_t i = 0; i < kDraws; ++i) {
    const float u = random_unit(mix_key(42, i >> 8), i & 255);
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    sum += u, squares += u * u;
    ++bins[static_cast<size_t>(u * 16)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
  double chi = 0;
  for (const int n : bins) chi += std::pow(n - kDraws / 16.0, 2) / (kDraws / 16.0);
  EXPECT_LT(chi, 37.7);  // 15 degrees of freedom, one in a thousand
}

TEST(Rng, NormalHasItsMoments) {
  constexpr int kDraws = 1 << 18;
  double sum = 0, squares = 0, fourth = 0;
  for (uint32_t i = 0; i < kDraws; ++i) {
    const double x = random_normal(3, i);
    ASSERT_TRUE(std::isfinite(x));
    sum += x, squares += x * x, fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.015);
  EXPECT_NEAR(fourth / kDraws, 3, 0.12);
}

TEST(Rng, BelowStaysBelowAndReachesAll) {
  std::array<int, 7> seen{};
  for (uint32_t i = 0; i < 7000; ++i) {
    const uint32_t x = random_below(11, i, 7);
    ASSERT_LT(x, 7u);
    ++seen[x];
  }
  for (const int n : seen) EXPECT_NEAR(n, 1000, 120);
  EXPECT_EQ(random_below(1, 1, 1), 0u);
}

}  // namespace
}  // namespace attune
