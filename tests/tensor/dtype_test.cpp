#include "attune/tensor/dtype.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace attune::tensor {
namespace {

uint16_t bits(float value) {
  return BFloat16(value).bits;
}
float from(uint32_t pattern) {
  return std::bit_cast<float>(pattern);
}

TEST(BFloat16, ExactValuesStay) {
  for (const float value : {0.0f, -0.0f, 1.0f, -2.5f, 0x1.fep127f, 0x1p-126f, 0x1p-133f})
    EXPECT_EQ(static_cast<float>(BFloat16(value)), value);
  EXPECT_TRUE(std::signbit(static_cast<float>(BFloat16(-0.0f))));
}

TEST(BFloat16, RoundsToNearest) {
  EXPECT_EQ(bits(from(0x3f807fff)), 0x3f80);
  EXPECT_EQ(bits(from(0x3f808001)), 0x3f81);
  EXPECT_EQ(bits(from(0xbf808001)), 0xbf81);
}

TEST(BFloat16, TiesGoToEven) {
  EXPECT_EQ(bits(from(0x3f808000)), 0x3f80);
  EXPECT_EQ(bits(from(0x3f818000)), 0x3f82);
  EXPECT_EQ(bits(from(0xbf818000)), 0xbf82);
}

TEST(BFloat16, OverflowAndInfinity) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(bits(inf), 0x7f80);
  EXPECT_EQ(bits(-inf), 0xff80);
  EXPECT_EQ(bits(std::numeric_limits<float>::max()), 0x7f80) << "beyond the largest bf16 by more than half a step";
}

TEST(BFloat16, NaNStaysNaN) {
  // With its payload in the low half only, plain rounding would make infinity, or minus zero, of it.
  for (const uint32_t pattern : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xff800001u, 0xffffffffu}) {
    EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(from(pattern))))) << pattern;
    EXPECT_EQ(bits(from(pattern)) >> 15, pattern >> 31) << "the sign stays";
  }
}

TEST(DType, SizesAndNames) {
  EXPECT_EQ(size_of(DType::f32), 4u);
  EXPECT_EQ(size_of(DType::bf16), 2u);
  EXPECT_EQ(size_of(DType::f64), 8u);
  EXPECT_EQ(size_of(DType::i32), 4u);
  EXPECT_STREQ(name(DType::bf16), "bf16");
}

}  // namespace
}  // namespace attune::tensor
