#include "attune/tensor/packed_rows.h"

#include <gtest/gtest.h>

namespace attune::tensor {
namespace {

TEST(PackedRows, RowCountsAreMultiples) {
  EXPECT_EQ(rounded_rows(0), 0);
  EXPECT_EQ(rounded_rows(1), kRowMultiple);
  EXPECT_EQ(rounded_rows(kRowMultiple), kRowMultiple);
  EXPECT_EQ(rounded_rows(kRowMultiple + 1), 2 * kRowMultiple);
}

TEST(PackedRows, Counts) {
  PackedRows rows;
  EXPECT_EQ(rows.tokens(), 0);
  rows.ids.resize(16);
  rows.offsets = {0, 5, 9};
  EXPECT_EQ(rows.rows(), 16);
  EXPECT_EQ(rows.tokens(), 9);
  EXPECT_EQ(rows.sequences(), 2);
}

}  // namespace
}  // namespace attune::tensor
