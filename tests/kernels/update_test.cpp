#include <cmath>
#include <fmt/format.h>

#include "devices.h"

namespace attune::kernels::test {
namespace {

// Weights, gradient, moments and the bf16 copy of a run of parameters.
struct Parameters {
  Block w, g, m, v, low;

  Parameters(const Device& device, int64_t count)
      : w(device.input(Shape{count}, DType::f32, 1)),
        g(device.input(Shape{count}, DType::f32, 2, 0.1)),
        m(device.input(Shape{count}, DType::f32, 3, 0.01)),
        v(device.input(Shape{count}, DType::f32, 4, 0.03)),
        low(device.twin(Shape{count})) {
    for (int64_t i = 0; i < count; ++i) v.put(i, v.at(i) * v.at(i));
  }
  static Outputs outputs(const Device& device, Parameters&& run) {
    device.seal_twin(run.low, run.w);
    Outputs out;
    for (Block* block : {&run.w, &run.m, &run.v, &run.low}) out.push_back(std::move(*block));
    return out;
  }
};

TEST(AdamUpdate, AgainstReference) {
  for (const int64_t count : {0, 1, 33, 50000})
    for (const bool coupled : {false, true})
      for (const bool correction : {false, true})
        for (const int64_t step : {1, 2, 1000})
          compare_devices(
              [&](const Device& device) {
                Parameters run(device, count);
                device->adam_update({.w = run.w.tensor,
                                     .g = run.g.tensor,
                                     .m = run.m.tensor,
                                     .v = run.v.tensor,
                                     .low = run.low.tensor,
                                     .rate = 1e-2,
                                     .beta1 = 0.9,
                                     .beta2 = 0.999,
                                     .eps = 1e-8,
                                     .decay = 0.1,
                                     .clip = 0.7,
                                     .step = step,
                                     .coupled_decay = coupled,
                                     .bias_correction = correction});
                return Parameters::outputs(device, std::move(run));
              },
              {Kind::row_sum, Kind::pointwise, Kind::pointwise, Kind::row_sum},
              fmt::format("{} coupled {} correction {} step {}", count, coupled, correction, step));
}

// AdamW's first step: m / (1 - b1) = g, v / (1 - b2) = g^2, so the weight moves by the rate whatever g is.
TEST(AdamUpdate, TheFirstStepByHand) {
  const auto kernels = cpu::make_kernels(1);
  for (const double slope : {3.0, -1e-3}) {
    const Block w(Shape{1}, DType::f32), g(Shape{1}, DType::f32), m(Shape{1}, DType::f32), v(Shape{1}, DType::f32);
    w.put(0, 2);
    g.put(0, slope);
    kernels->adam_update({.w = w.tensor, .g = g.tensor, .m = m.tensor, .v = v.tensor, .rate = 0.1, .decay = 0.01});
    EXPECT_NEAR(w.at(0), 2 * (1 - 0.001) - std::copysign(0.1, slope), 2e-6);
    EXPECT_NEAR(m.at(0), 0.1 * slope, 1e-7);
    EXPECT_NEAR(v.at(0), 0.001 * slope * slope, 1e-8);
  }
}

// A zero gradient with zero moments moves nothing but by decay: no 0 / 0.
TEST(AdamUpdate, NothingToDo) {
  const auto kernels = cpu::make_kernels(1);
  const Block w(Shape{5}, DType::f32), zero(Shape{5}, DType::f32), m(Shape{5}, DType::f32), v(Shape{5}, DType::f32);
  kernels->fill({.y = w.tensor, .value = 1});
  kernels->adam_update({.w = w.tensor, .g = zero.tensor, .m = m.tensor, .v = v.tensor, .rate = 0.1});
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(w.at(i), 1);
}

TEST(SgdUpdate, AgainstReference) {
  for (const int64_t count : {0, 1, 33, 50000})
    for (const double momentum : {0.0, 0.9})
      for (const bool nesterov : {false, true})
        for (const int64_t step : {1, 5})
          compare_devices(
              [&](const Device& device) {
                Parameters run(device, count);
                device->sgd_update({.w = run.w.tensor,
                                    .g = run.g.tensor,
                                    .m = momentum > 0 ? run.m.tensor : Tensor{},
                                    .low = run.low.tensor,
                                    .rate = 0.05,
                                    .momentum = momentum,
                                    .decay = 0.01,
                                    .clip = 0.5,
                                    .step = step,
                                    .nesterov = nesterov});
                return Parameters::outputs(device, std::move(run));
              },
              {Kind::pointwise, Kind::pointwise, Kind::pointwise, Kind::pointwise},
              fmt::format("{} momentum {} nesterov {} step {}", count, momentum, nesterov, step));
}

}  // namespace
}  // namespace attune::kernels::test
