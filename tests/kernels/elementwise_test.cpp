#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "devices.h"

namespace attune::kernels::test {
namespace {

TEST(Convert, EveryPair) {
  for (const int64_t count : {0, 1, 7, 33, 100000})
    for (const DType from : kElements)
      for (const DType to : kElements)
        for (const bool accumulate : {false, true})
          compare_devices(
              [&](const Device& device) {
                const Block x = device.input(Shape{count}, from, 1);
                Outputs out;
                out.push_back(accumulate ? device.input(Shape{count}, to, 2) : device.output(Shape{count}, to));
                device->convert({.x = x.tensor, .y = out[0].tensor, .scale = 0.37, .accumulate = accumulate});
                return out;
              },
              {Kind::pointwise}, fmt::format("{} {} to {}", count, tensor::name(from), tensor::name(to)));
}

// Every pattern of the upper half, with lower halves about the tie: lanes round exactly as BFloat16 does.
TEST(Convert, RoundsToBFloat16AsTheTypeDoes) {
  const std::vector<uint32_t> low = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
  const int64_t count = 65536 * static_cast<int64_t>(low.size());
  const Block x(Shape{count}, DType::f32), y(Shape{count}, DType::bf16);
  for (int64_t i = 0; i < count; ++i)
    x.tensor.as<float>()[i] =
        std::bit_cast<float>(static_cast<uint32_t>(i % 65536) << 16 | low[static_cast<size_t>(i / 65536)]);
  cpu::make_kernels(2)->convert({.x = x.tensor, .y = y.tensor});
  for (int64_t i = 0; i < count; ++i) {
    const float value = x.tensor.as<float>()[i];
    const BFloat16 want(value), got = y.tensor.as<BFloat16>()[i];
    if (std::isnan(value))  // a multiplication by one may quieten a NaN, nothing else
      ASSERT_TRUE(std::isnan(static_cast<float>(got))) << i;
    else if (std::fpclassify(value) != FP_SUBNORMAL)
      ASSERT_EQ(got.bits, want.bits) << i;
    else
      ASSERT_TRUE(got.bits == want.bits || (got.bits & 0x7fff) == 0) << i;
  }
}

TEST(Convert, F64OnTheCpuToo) {
  const auto kernels = cpu::make_kernels(1);
  const Block x = normal(Shape{9}, DType::f64, 1), y(Shape{9}, DType::bf16), back(Shape{9}, DType::f64);
  kernels->convert({.x = x.tensor, .y = y.tensor});
  kernels->convert({.x = y.tensor, .y = back.tensor, .scale = 2});
  for (int64_t i = 0; i < 9; ++i)
    EXPECT_EQ(back.at(i), 2 * static_cast<double>(static_cast<float>(BFloat16(static_cast<float>(x.at(i))))));
}

TEST(Fill, EveryElement) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f64}) {
    const Block y(Shape{40000}, dtype);
    cpu::make_kernels(2)->fill({.y = y.tensor, .value = 1.5});
    for (int64_t i = 0; i < 40000; ++i) ASSERT_EQ(y.at(i), 1.5);
  }
}

double squares(Kernels& kernels, const Block& x) {
  const Block sum(Shape{1}, DType::f64);
  kernels.sum_squares({.x = x.tensor, .out = sum.tensor});
  return sum.at(0);
}

TEST(SumSquares, ReferenceAndThreads) {
  for (const int64_t count : {0, 1, 7, 4096, 4097, 100001}) {
    const Block x = normal(Shape{count}, DType::f32, 1), exact = converted(x.tensor, DType::f64);
    const double want = squares(*reference::make_kernels(), exact);
    const double one = squares(*cpu::make_kernels(1), x);
    EXPECT_NEAR(one, want, 1e-13 * want);
    for (const int threads : {2, 3, 4}) EXPECT_EQ(one, squares(*cpu::make_kernels(threads), x)) << count;
  }
}

TEST(SumSquares, SquaresBeyondF32AndNaN) {
  const auto kernels = cpu::make_kernels(1);
  const Block x(Shape{20}, DType::f32);
  kernels->fill({.y = x.tensor, .value = 1e30});
  EXPECT_NEAR(squares(*kernels, x) / 20e60, 1, 1e-6);
  x.put(3, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(std::isnan(squares(*kernels, x)));
}

TEST(ColumnSum, AgainstReference) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : {1, 7, 33, 384, 3072})
      for (const DType dtype : kElements)
        for (const bool accumulate : {false, true})
          compare_devices(
              [&](const Device& device) {
                const Block x = device.input(Shape{rows, cols}, dtype, 1);
                Outputs out;
                out.push_back(accumulate ? device.input(Shape{cols}, DType::f32, 2)
                                         : device.output(Shape{cols}, DType::f32));
                device->column_sum({.x = x.tensor, .out = out[0].tensor, .accumulate = accumulate});
                return out;
              },
              {Kind::long_sum}, fmt::format("[{}, {}] {}", rows, cols, tensor::name(dtype)));
}

}  // namespace
}  // namespace attune::kernels::test
