#include <cmath>
#include <fmt/format.h>

#include "attune/base/rng.h"

#include "devices.h"

namespace attune::kernels::test {
namespace {

TEST(Dropout, AgainstReference) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : kColumns)
      for (const DType x_type : kElements)
        for (const DType y_type : kElements)
          for (const float p : {0.0f, 0.1f, 0.9f}) {
            const auto keys = row_keys(rows);
            compare_devices(
                [&](const Device& device) {
                  const Block x = device.input(Shape{rows, cols}, x_type, 1);
                  Outputs out;
                  out.push_back(device.output(Shape{rows, cols}, y_type));
                  out.push_back(device.input(Shape{rows, cols}, y_type, 2));
                  Dropout drop{.x = x.tensor, .y = out[0].tensor, .keys = {p, 3, keys.data()}};
                  device->dropout(drop);
                  drop.y = out[1].tensor;
                  drop.accumulate = true;
                  device->dropout(drop);
                  return out;
                },
                {Kind::pointwise, Kind::pointwise},
                fmt::format("[{}, {}] {} to {} p={}", rows, cols, tensor::name(x_type), tensor::name(y_type), p));
          }
}

// The mask, element by element, is base/rng.h's: the vector lanes repeat it bit for bit, past 2^31 columns' counters
// too.
TEST(Dropout, TheMaskIsRandomBits) {
  const auto kernels = cpu::make_kernels(1);
  for (const float p : {1e-9f, 0.1f, 0.5f, 0.999f}) {
    const auto keys = row_keys(50);
    const Block x(Shape{50, 1001}, DType::f32), y(Shape{50, 1001}, DType::f32);
    kernels->fill({.y = x.tensor, .value = 1});
    kernels->dropout({.x = x.tensor, .y = y.tensor, .keys = {p, 0xdeadbeefcafef00dULL, keys.data()}});
    const auto threshold = static_cast<uint32_t>(std::llround(static_cast<double>(p) * 4294967296.0));
    for (int64_t r = 0; r < 50; ++r)
      for (int64_t c = 0; c < 1001; ++c) {
        const uint64_t key = mix_key(0xdeadbeefcafef00dULL, keys[static_cast<size_t>(r)]);
        const bool keep = random_bits(key, static_cast<uint32_t>(c)) >= threshold;
        ASSERT_EQ(y.at(r * 1001 + c), keep ? static_cast<double>(1.0f / (1.0f - p)) : 0.0) << r << ", " << c;
      }
  }
}

// The share kept, over all elements, by rows and by columns, within five standard deviations.
TEST(Dropout, TheShareKept) {
  const auto kernels = cpu::make_kernels(1);
  const int64_t rows = 512, cols = 768;
  const auto keys = row_keys(rows);
  const Block x(Shape{rows, cols}, DType::f32), y(Shape{rows, cols}, DType::f32);
  kernels->fill({.y = x.tensor, .value = 1});
  kernels->dropout({.x = x.tensor, .y = y.tensor, .keys = {0.1f, 11, keys.data()}});
  std::vector<double> by_row(rows), by_column(cols);
  double all = 0, both = 0;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) {
      const double dropped = y.at(r * cols + c) == 0;
      all += dropped;
      by_row[static_cast<size_t>(r)] += dropped;
      by_column[static_cast<size_t>(c)] += dropped;
      if (c > 0 && dropped > 0) both += y.at(r * cols + c - 1) == 0;
    }
  const auto off = [](double dropped, double n, double p) {
    return std::abs(dropped - n * p) / std::sqrt(n * p * (1 - p));
  };
  EXPECT_LT(off(all, static_cast<double>(rows * cols), 0.1), 5);
  EXPECT_LT(off(both, static_cast<double>(rows * (cols - 1)), 0.01), 5) << "neighbours are not independent";
  for (const double dropped : by_row) EXPECT_LT(off(dropped, static_cast<double>(cols), 0.1), 5);
  for (const double dropped : by_column) EXPECT_LT(off(dropped, static_cast<double>(rows), 0.1), 5);
}

TEST(Dropout, InPlace) {
  const auto kernels = cpu::make_kernels(2);
  const auto keys = row_keys(100);
  const Block x = normal(Shape{100, 333}, DType::f32, 1), y(Shape{100, 333}, DType::f32);
  kernels->dropout({.x = x.tensor, .y = y.tensor, .keys = {0.3f, 1, keys.data()}});
  kernels->dropout({.x = x.tensor, .y = x.tensor, .keys = {0.3f, 1, keys.data()}});
  EXPECT_TRUE(same_bits(x.tensor, y.tensor));
}

}  // namespace
}  // namespace attune::kernels::test
