#include <fmt/format.h>

#include "devices.h"

namespace attune::kernels::test {
namespace {

std::string label(int64_t rows, int64_t cols) {
  return fmt::format("[{}, {}]", rows, cols);
}

TEST(NormalizeRows, Forward) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : kColumns)
      compare_devices(
          [&](const Device& device) {
            const Block x = device.input(Shape{rows, cols}, DType::f32, 1, 3);
            Outputs out;
            out.push_back(device.output(Shape{rows, cols}, DType::f32));
            out.push_back(device.output(Shape{rows}, DType::f32));
            device->normalize_rows({.x = x.tensor, .y = out[0].tensor, .inverse = out[1].tensor});
            return out;
          },
          {Kind::row_sum, Kind::row_sum}, label(rows, cols));
}

TEST(NormalizeRows, Backward) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : kColumns)
      compare_devices(
          [&](const Device& device) {
            const Block y = device.input(Shape{rows, cols}, DType::f32, 1, 0.05);
            const Block dy = device.input(Shape{rows, cols}, DType::f32, 2);
            const Block inverse = device.input(Shape{rows}, DType::f32, 3);
            Outputs out;
            out.push_back(device.output(Shape{rows, cols}, DType::f32));
            device->normalize_rows_backward(
                {.dy = dy.tensor, .y = y.tensor, .inverse = inverse.tensor, .dx = out[0].tensor});
            return out;
          },
          {Kind::row_sum}, label(rows, cols));
}

// 3-4-5, and a row without length.
TEST(NormalizeRows, ByHand) {
  for (const bool reference : {false, true}) {
    const auto kernels = reference ? reference::make_kernels() : cpu::make_kernels(1);
    const Device device(*kernels, reference);
    const Block x = device.values(Shape{2, 2}, DType::f32, {3, -4, 0, 1e-30}),
                y = device.output(Shape{2, 2}, DType::f32), inverse = device.output(Shape{2}, DType::f32),
                dy = device.values(Shape{2, 2}, DType::f32, {1, 0, 1, 1}), dx = device.output(Shape{2, 2}, DType::f32);
    kernels->normalize_rows({.x = x.tensor, .y = y.tensor, .inverse = inverse.tensor});
    kernels->normalize_rows_backward({.dy = dy.tensor, .y = y.tensor, .inverse = inverse.tensor, .dx = dx.tensor});
    const std::vector<double> want_y{0.6, -0.8, 0, 0}, want_dx{0.2 * (1 - 0.36), 0.2 * 0.48, 0, 0};
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(y.at(i), want_y[static_cast<size_t>(i)], 1e-7);
      EXPECT_NEAR(dx.at(i), want_dx[static_cast<size_t>(i)], 1e-7);
    }
    EXPECT_EQ(inverse.at(1), 0);
  }
}

}  // namespace
}  // namespace attune::kernels::test
