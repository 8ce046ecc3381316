#include "attune/data/quantiles.h"

#include <gtest/gtest.h>
#include <numeric>

namespace attune::data {
namespace {

TEST(Quantiles, NearestRank) {
  std::vector<int32_t> values(100);
  std::iota(values.rbegin(), values.rend(), 1);
  const Quantiles q = quantiles_of(values);
  EXPECT_EQ(q.min, 1);
  EXPECT_EQ(q.p25, 25);
  EXPECT_EQ(q.p50, 50);
  EXPECT_EQ(q.p90, 90);
  EXPECT_EQ(q.p99, 99);
  EXPECT_EQ(q.max, 100);
  EXPECT_DOUBLE_EQ(q.mean, 50.5);
}

TEST(Quantiles, FewOrNone) {
  EXPECT_EQ(quantiles_of({}).max, 0);
  EXPECT_EQ(quantiles_of({7}).p99, 7);
  EXPECT_EQ(quantiles_of({1, 2}).p50, 1);
  EXPECT_EQ(quantiles_of({1, 2}).p75, 2);
}

}  // namespace
}  // namespace attune::data
