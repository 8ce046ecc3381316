#include <fmt/format.h>

#include "devices.h"

namespace attune::kernels::test {
namespace {

struct Case {
  int64_t rows, cols;
  DType dtype;
  bool residual;
  float p;

  std::string label() const {
    return fmt::format("[{}, {}] {}{} p={}", rows, cols, tensor::name(dtype), residual ? " residual" : "", p);
  }
};

Outputs forward(const Device& device, const Case& c) {
  const Shape matrix{c.rows, c.cols}, vector{c.cols};
  const auto keys = row_keys(c.rows);
  const Block x = device.input(matrix, c.dtype, 1, 2), residual = device.input(matrix, DType::f32, 2, 3);
  const Block gamma = device.input(vector, DType::f32, 3), beta = device.input(vector, DType::f32, 4);
  Outputs out;
  for (int i = 0; i < 2; ++i) out.push_back(device.output(matrix, DType::f32));
  for (int i = 0; i < 2; ++i) out.push_back(device.output(Shape{c.rows}, DType::f32));
  out.push_back(device.twin(matrix));
  device->layer_norm({.x = x.tensor,
                      .residual = c.residual ? residual.tensor : Tensor{},
                      .dropout = {c.p, 5, keys.data()},
                      .gamma = gamma.tensor,
                      .beta = beta.tensor,
                      .eps = 1e-5,
                      .z = out[0].tensor,
                      .y = out[1].tensor,
                      .twin = out[4].tensor,
                      .mean = out[2].tensor,
                      .rstd = out[3].tensor});
  device.seal_twin(out[4], out[1]);
  return out;
}

TEST(LayerNorm, Forward) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : kColumns)
      for (const DType dtype : kElements)
        for (const bool residual : {false, true})
          for (const float p : {0.0f, 0.1f}) {
            const Case c{rows, cols, dtype, residual, p};
            const Kind kind = cols == 1 ? Kind::long_sum : Kind::row_sum;
            compare_devices([&](const Device& device) { return forward(device, c); },
                            {Kind::pointwise, kind, Kind::row_sum, Kind::row_sum, kind}, c.label());
          }
}

Outputs backward(const Device& device, const Case& c, bool accumulate) {
  const Shape matrix{c.rows, c.cols}, vector{c.cols};
  const auto keys = row_keys(c.rows);
  const Block z = device.input(matrix, DType::f32, 1, 2), dy = device.input(matrix, DType::f32, 2);
  const Block gamma = device.input(vector, DType::f32, 3), mean = device.input(Shape{c.rows}, DType::f32, 4, 0.1);
  const Block rstd = device.values(Shape{c.rows}, DType::f32, std::vector<double>(static_cast<size_t>(c.rows), 0.5));
  Outputs out;
  out.push_back(device.output(matrix, c.dtype));
  out.push_back(accumulate ? device.input(matrix, DType::f32, 6) : device.output(matrix, DType::f32));
  out.push_back(device.input(vector, DType::f32, 7));
  out.push_back(device.input(vector, DType::f32, 8));
  device->layer_norm_backward({.dy = dy.tensor,
                               .z = z.tensor,
                               .mean = mean.tensor,
                               .rstd = rstd.tensor,
                               .gamma = gamma.tensor,
                               .dropout = {c.p, 5, keys.data()},
                               .dx = out[0].tensor,
                               .d_residual = out[1].tensor,
                               .accumulate_residual = accumulate,
                               .d_gamma = out[2].tensor,
                               .d_beta = out[3].tensor});
  return out;
}

TEST(LayerNorm, Backward) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : kColumns)
      for (const DType dtype : kElements)
        for (const bool accumulate : {false, true}) {
          const Case c{rows, cols, dtype, true, accumulate ? 0.1f : 0.0f};
          compare_devices([&](const Device& device) { return backward(device, c, accumulate); },
                          {Kind::row_sum, Kind::row_sum, Kind::long_sum, Kind::long_sum}, c.label());
        }
}

// Where nothing is added and nothing dropped, x is the sum and z need not be kept.
TEST(LayerNorm, WithoutKeptSumTheSameBits) {
  const auto kernels = cpu::make_kernels(2);
  const Device device(*kernels, false);
  const Shape matrix{16, 33};
  const Block x = normal(matrix, DType::f32, 1), gamma = normal(Shape{33}, DType::f32, 2);
  const Block mean(Shape{16}, DType::f32), rstd(Shape{16}, DType::f32), z(matrix, DType::f32);
  const Block y(matrix, DType::f32), again(matrix, DType::f32);
  LayerNorm p{.x = x.tensor,
              .residual = {},
              .dropout = {},
              .gamma = gamma.tensor,
              .beta = gamma.tensor,
              .z = z.tensor,
              .y = y.tensor,
              .twin = {},
              .mean = mean.tensor,
              .rstd = rstd.tensor};
  kernels->layer_norm(p);
  p.z = {};
  p.y = again.tensor;
  kernels->layer_norm(p);
  EXPECT_TRUE(same_bits(y.tensor, again.tensor));
  p.residual = x.tensor;
  kernels->layer_norm(p);
  p.z = z.tensor;
  p.y = y.tensor;
  kernels->layer_norm(p);
  EXPECT_TRUE(same_bits(y.tensor, again.tensor));
}

TEST(LayerNorm, BackwardRefusesToGoWithoutTheSum) {
  const Block row(Shape{1, 4}, DType::f32), one(Shape{1}, DType::f32), gamma(Shape{4}, DType::f32);
  LayerNormBackward p;
  p.dy = p.dx = row.tensor;
  p.mean = p.rstd = one.tensor;
  p.gamma = gamma.tensor;
  EXPECT_THROW(cpu::make_kernels(2)->layer_norm_backward(p), Error);
  EXPECT_THROW(reference::make_kernels()->layer_norm_backward(p), Error);
}

TEST(LayerNorm, ARowDoesNotDependOnItsCompany) {
  const auto kernels = cpu::make_kernels(2);
  const Shape matrix{64, 384};
  const Block x = normal(matrix, DType::f32, 1), gamma = normal(Shape{384}, DType::f32, 2);
  const Block y(matrix, DType::f32), mean(Shape{64}, DType::f32), rstd(Shape{64}, DType::f32);
  const Block alone(Shape{1, 384}, DType::f32);
  LayerNorm p{.x = x.tensor,
              .residual = {},
              .dropout = {},
              .gamma = gamma.tensor,
              .beta = gamma.tensor,
              .z = {},
              .y = y.tensor,
              .twin = {},
              .mean = mean.tensor,
              .rstd = rstd.tensor};
  kernels->layer_norm(p);
  p.x = x.tensor.slice_rows(63, 64);
  p.y = alone.tensor;
  kernels->layer_norm(p);
  EXPECT_TRUE(same_bits(alone.tensor, y.tensor.slice_rows(63, 64)));
}

// Rows of equal values and rows far from zero: the variance is taken about the mean, so nothing cancels.
TEST(LayerNorm, ConstantAndShiftedRows) {
  compare_devices(
      [](const Device& device) {
        std::vector<double> values;
        for (int i = 0; i < 32; ++i) values.push_back(7);
        for (int i = 0; i < 32; ++i) values.push_back(1e4 + i);
        for (int i = 0; i < 32; ++i) values.push_back(i % 2 ? 1e18 : -1e18);
        const Block x = device.values(Shape{3, 32}, DType::f32, values);
        const Block one = device.values(Shape{32}, DType::f32, std::vector<double>(32, 1));
        Outputs out;
        out.push_back(device.output(Shape{3, 32}, DType::f32));
        out.push_back(device.output(Shape{3}, DType::f32));
        out.push_back(device.output(Shape{3}, DType::f32));
        device->layer_norm({.x = x.tensor,
                            .residual = {},
                            .dropout = {},
                            .gamma = one.tensor,
                            .beta = one.tensor,
                            .z = {},
                            .y = out[0].tensor,
                            .twin = {},
                            .mean = out[1].tensor,
                            .rstd = out[2].tensor});
        return out;
      },
      {Kind::row_sum, Kind::row_sum, Kind::row_sum}, "constant, shifted and huge rows");
}

}  // namespace
}  // namespace attune::kernels::test
