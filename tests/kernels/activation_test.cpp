#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "devices.h"

namespace attune::kernels::test {
namespace {

const std::vector<ActivationKind> kKinds = {ActivationKind::gelu, ActivationKind::gelu_tanh, ActivationKind::relu,
                                            ActivationKind::tanh, ActivationKind::silu};

std::string label(ActivationKind kind, Shape shape, DType x, DType y) {
  return fmt::format("activation {} {} {} to {}", static_cast<int>(kind), shape.text(), tensor::name(x),
                     tensor::name(y));
}

TEST(Activation, ForwardAndBackward) {
  for (const ActivationKind kind : kKinds)
    for (const Shape shape : {Shape{0, 7}, Shape{1, 1}, Shape{5, 33}, Shape{400, 384}})
      for (const DType x_type : kElements)
        for (const DType y_type : kElements)
          compare_devices(
              [&](const Device& device) {
                const Block x = device.input(shape, x_type, 1, 2), dy = device.input(shape, y_type, 2);
                Outputs out;
                out.push_back(device.output(shape, y_type));
                out.push_back(device.output(shape, y_type));
                device->activation({.kind = kind, .x = x.tensor, .y = out[0].tensor});
                device->activation_backward({.kind = kind, .x = x.tensor, .dy = dy.tensor, .dx = out[1].tensor});
                return out;
              },
              {Kind::pointwise, Kind::pointwise}, label(kind, shape, x_type, y_type));
}

// GELU against erf in f64 on a fine grid, where f32's rounding of x plays no part.
TEST(Activation, GeluIsTheErfFormToTheLastDigits) {
  const auto kernels = cpu::make_kernels(1);
  const int64_t count = 400001;
  const Block x(Shape{count}, DType::f32), y(Shape{count}, DType::f32), one(Shape{count}, DType::f32);
  for (int64_t i = 0; i < count; ++i) {
    x.put(i, static_cast<double>(i - count / 2) * 7e-5);
    one.put(i, 1);
  }
  kernels->activation({.kind = ActivationKind::gelu, .x = x.tensor, .y = y.tensor});
  double worst = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double v = x.at(i), want = v * 0.5 * std::erfc(-v / std::sqrt(2.0));
    worst = std::max(worst, std::abs(y.at(i) - want) / std::max(1.0, std::abs(want)));
  }
  EXPECT_LT(worst, 2e-7);
}

// Every bf16 there is: looked up or worked out, the function is that of f32, rounded once.
TEST(Activation, OfBf16IsThatOfF32Rounded) {
  const auto kernels = cpu::make_kernels(2);
  const Shape all{1 << 16};
  const Block x(all, DType::bf16), y(all, DType::bf16), dy = normal(all, DType::bf16, 1), dx(all, DType::bf16);
  for (int64_t i = 0; i < all.count(); ++i) x.tensor.as<BFloat16>()[i].bits = static_cast<uint16_t>(i);
  const Block wide_x = converted(x.tensor, DType::f32), wide_dy = converted(dy.tensor, DType::f32);
  const Block wide_y(all, DType::f32), wide_dx(all, DType::f32);
  for (const ActivationKind kind : kKinds) {
    kernels->activation({.kind = kind, .x = x.tensor, .y = y.tensor});
    kernels->activation({.kind = kind, .x = wide_x.tensor, .y = wide_y.tensor});
    kernels->activation_backward({.kind = kind, .x = x.tensor, .dy = dy.tensor, .dx = dx.tensor});
    kernels->activation_backward({.kind = kind, .x = wide_x.tensor, .dy = wide_dy.tensor, .dx = wide_dx.tensor});
    for (int64_t i = 0; i < all.count(); ++i) {
      for (const auto& [got, want] : {std::pair(&y, &wide_y), {&dx, &wide_dx}}) {
        const BFloat16 rounded(want->tensor.as<float>()[i]);
        if (std::isnan(want->at(i)) && std::isnan(got->at(i))) continue;
        ASSERT_EQ(got->tensor.as<BFloat16>()[i].bits, rounded.bits) << static_cast<int>(kind) << " of " << x.at(i);
      }
    }
  }
}

TEST(Activation, Extremes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values = {nan};
  for (const double size : {0.0, 1e-38, 1e-30, 1e-5, 9.9, 10.0, 10.1, 12.9, 13.0, 13.1, 40.0, 1e4, 1e15, 1e30, 3e38})
    for (const double sign : {-1.0, 1.0}) values.push_back(sign * size);
  const Shape shape{static_cast<int64_t>(values.size())};
  for (const ActivationKind kind : kKinds) {
    // At 1e30 and beyond x^3 overflows even in f64 only past 1e102: the reference stays finite.
    compare_devices(
        [&](const Device& device) {
          const Block x = device.values(shape, DType::f32, values);
          const Block dy = device.values(shape, DType::f32, std::vector<double>(values.size(), 1));
          Outputs out;
          out.push_back(device.output(shape, DType::f32));
          out.push_back(device.output(shape, DType::f32));
          device->activation({.kind = kind, .x = x.tensor, .y = out[0].tensor});
          device->activation_backward({.kind = kind, .x = x.tensor, .dy = dy.tensor, .dx = out[1].tensor});
          return out;
        },
        {Kind::pointwise, Kind::pointwise}, fmt::format("activation {} at extremes", static_cast<int>(kind)));
  }
}

TEST(Activation, BackwardInPlace) {
  const auto kernels = cpu::make_kernels(2);
  const Block x = normal(Shape{40, 500}, DType::f32, 1), dy = normal(Shape{40, 500}, DType::f32, 2);
  const Block dx(Shape{40, 500}, DType::f32);
  kernels->activation_backward({.kind = ActivationKind::gelu, .x = x.tensor, .dy = dy.tensor, .dx = dx.tensor});
  kernels->activation_backward({.kind = ActivationKind::gelu, .x = x.tensor, .dy = dy.tensor, .dx = dy.tensor});
  EXPECT_TRUE(same_bits(dx.tensor, dy.tensor));
}

TEST(Activation, OtherElementTypesAreRefusedByName) {
  const auto kernels = cpu::make_kernels(2);
  const Block x(Shape{100000}, DType::f64);
  try {
    kernels->activation({.kind = ActivationKind::gelu, .x = x.tensor, .y = x.tensor});
    FAIL() << "f64 must be refused, from worker threads too";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("f64"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace attune::kernels::test
