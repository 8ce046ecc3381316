#include "attune/io/file_dtype.h"

#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "attune/io/half.h"

#include "tests/base/expect_error.h"

namespace attune::io {
namespace {

// The value of a half by the definition in IEEE 754, apart from the bit tricks under test.
double value_of(uint16_t half) {
  const int exponent = (half >> 10) & 31, fraction = half & 1023;
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Half, EveryHalfToFloatAndBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = half_to_float(half);
    const double expected = value_of(half);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_TRUE(std::isnan(value_of(float_to_half(value)))) << bits;
      continue;
    }
    ASSERT_EQ(value, expected) << bits;
    ASSERT_EQ(std::signbit(value), (half & 0x8000) != 0) << bits;
    ASSERT_EQ(float_to_half(value), half) << bits;
  }
}

TEST(Half, BetweenTwoHalvesTheNearerThenTheEven) {
  for (uint16_t half = 0; half < 0x7bff; ++half) {
    const auto next = static_cast<uint16_t>(half + 1);
    const auto middle = static_cast<float>((value_of(half) + value_of(next)) / 2);
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), half) << half;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e6f)), next) << half;
    ASSERT_EQ(float_to_half(middle), half % 2 == 0 ? half : next) << half;
    ASSERT_EQ(float_to_half(-middle), 0x8000 | (half % 2 == 0 ? half : next)) << half;
  }
}

TEST(Half, Extremes) {
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(-1e30f), 0xfc00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(float_to_half(1e-30f), 0);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_TRUE(std::isnan(half_to_float(float_to_half(std::bit_cast<float>(0x7f800001U)))));
}

TEST(FileDType, NamesAndSizes) {
  const struct {
    const char* name;
    size_t bytes;
  } rows[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
              {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}};
  int index = 0;
  for (const auto& [text, bytes] : rows) {
    const auto type = file_dtype(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(static_cast<int>(*type), index++);
    EXPECT_STREQ(name(*type), text);
    EXPECT_EQ(size_of(*type), bytes) << text;
  }
  EXPECT_FALSE(file_dtype("f32"));
  EXPECT_FALSE(file_dtype(""));
  EXPECT_TRUE(is_weight_type(FileDType::bf16));
  EXPECT_FALSE(is_weight_type(FileDType::i64));
}

TEST(FileDType, FloatThereAndBack) {
  const std::array<float, 5> values{0.0f, -1.5f, 3.0e38f, 1.0f / 3, -65504.0f};
  for (const FileDType type : {FileDType::f32, FileDType::f64, FileDType::bf16, FileDType::f16}) {
    std::vector<std::byte> bytes(values.size() * size_of(type));
    std::array<float, 5> back{};
    from_float(type, values, bytes);
    to_float(type, bytes, back);
    if (type == FileDType::f32 || type == FileDType::f64) {
      EXPECT_EQ(back, values) << name(type);
    }
    EXPECT_EQ(back[1], -1.5f) << name(type);
  }
  // 1 + 2^-8 lies between two bf16 and goes to the even one; 1 + 3 * 2^-8 goes up.
  const std::array<float, 3> ties{1.00390625f, 1.01171875f, std::nanf("")};
  std::array<std::byte, 6> bytes{};
  std::array<float, 3> back{};
  from_float(FileDType::bf16, ties, bytes);
  to_float(FileDType::bf16, bytes, back);
  EXPECT_EQ(back[0], 1.0f);
  EXPECT_EQ(back[1], 1.015625f);
  EXPECT_TRUE(std::isnan(back[2]));
}

TEST(FileDType, OtherTypesAndSizesAreRefused) {
  std::array<std::byte, 8> bytes{};
  std::array<float, 1> one{};
  EXPECT_ERROR(ErrorKind::internal, to_float(FileDType::i64, bytes, one), "no conversion from I64");
  EXPECT_ERROR(ErrorKind::internal, from_float(FileDType::i64, one, bytes), "no conversion from float to I64");
  EXPECT_ERROR(ErrorKind::internal, to_float(FileDType::f32, bytes, one), "8 bytes for 1 of F32");
  EXPECT_ERROR(ErrorKind::internal, from_float(FileDType::f32, one, bytes), "8 bytes for 1 of F32");
}

}  // namespace
}  // namespace attune::io
