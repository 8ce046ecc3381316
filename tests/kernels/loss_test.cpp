#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "devices.h"

namespace attune::kernels::test {
namespace {

struct LossCase {
  int64_t items, classes;
  bool weighted;
  double smoothing = 0;

  std::string label() const {
    return fmt::format("[{}, {}]{} smoothing {}", items, classes, weighted ? " weighted" : "", smoothing);
  }
};

std::vector<double> between(int64_t count, uint64_t key, double low, double high) {
  std::vector<double> made;
  for (int64_t i = 0; i < count; ++i)
    made.push_back(low + (high - low) * static_cast<double>(random_unit(key, static_cast<uint32_t>(i))));
  return made;
}

// What all losses share: logits, item weights, and where the results go.
struct Parts {
  Block logits, item_weights, class_weights;
  Outputs out;

  Parts(const Device& device, const LossCase& c)
      : logits(device.input(Shape{c.items, c.classes}, DType::f32, 1, 3)),
        item_weights(device.values(Shape{c.items}, DType::f32, between(c.items, 2, 0, 2))),
        class_weights(device.values(Shape{c.classes}, DType::f32, between(c.classes, 3, 0.5, 3))) {
    out.push_back(device.output(Shape{c.items}, DType::f32));
    out.push_back(device.output(Shape{c.items, c.classes}, DType::f32));
  }
  LossItems items(const LossCase& c) const {
    return {.logits = logits.tensor,
            .item_weights = c.weighted ? item_weights.tensor : Tensor{},
            .items = out[0].tensor,
            .seed = 0.25,
            .d_logits = out[1].tensor};
  }
};

template <class Body>
void for_each_case(const Body& body) {
  for (const int64_t items : {0, 1, 5, 400})
    for (const int64_t classes : {1, 2, 9, 77, 1000})
      for (const bool weighted : {false, true}) body(LossCase{items, classes, weighted});
}

std::vector<int32_t> classes_of(const LossCase& c, int32_t ignored) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < c.items; ++i)
    targets.push_back(
        i % 4 == 3 ? ignored
                   : static_cast<int32_t>(random_below(5, static_cast<uint32_t>(i), static_cast<uint32_t>(c.classes))));
  return targets;
}

TEST(SoftmaxCrossEntropy, AgainstReference) {
  for_each_case([](LossCase c) {
    for (const double smoothing : {0.0, 0.1}) {
      c.smoothing = smoothing;
      const auto targets = classes_of(c, -7);
      compare_devices(
          [&](const Device& device) {
            Parts parts(device, c);
            const SoftmaxCrossEntropy loss{parts.items(c), targets.data(), -7,
                                           c.weighted ? parts.class_weights.tensor : Tensor{}, smoothing};
            device->softmax_cross_entropy(loss);
            device->softmax_cross_entropy_backward(loss);
            return std::move(parts.out);
          },
          {Kind::row_sum, Kind::row_sum}, c.label());
    }
  });
}

TEST(SigmoidCrossEntropy, AgainstReference) {
  for_each_case([](const LossCase& c) {
    auto wanted = between(c.items * c.classes, 9, 0, 1);
    for (size_t i = 0; i < wanted.size(); ++i)
      if (i % 5 != 0) wanted[i] = i % 5 == 1 ? -1 : std::round(wanted[i]);
    compare_devices(
        [&](const Device& device) {
          Parts parts(device, c);
          const Block targets = device.values(Shape{c.items, c.classes}, DType::f32, wanted);
          const SigmoidCrossEntropy loss{parts.items(c), targets.tensor,
                                         c.weighted ? parts.class_weights.tensor : Tensor{}};
          device->sigmoid_cross_entropy(loss);
          device->sigmoid_cross_entropy_backward(loss);
          return std::move(parts.out);
        },
        {Kind::row_sum, Kind::row_sum}, c.label());
  });
}

TEST(SquaredError, AgainstReference) {
  for_each_case([](const LossCase& c) {
    compare_devices(
        [&](const Device& device) {
          Parts parts(device, c);
          const Block targets = device.input(Shape{c.items, c.classes}, DType::f32, 8, 3);
          const SquaredError loss{parts.items(c), targets.tensor};
          device->squared_error(loss);
          device->squared_error_backward(loss);
          return std::move(parts.out);
        },
        {Kind::row_sum, Kind::row_sum}, c.label());
  });
}

// One item on one thread; its value and its gradient.
struct One {
  double item;
  std::vector<double> slopes;
};
One softmax_of(Kernels& kernels, DType dtype, const std::vector<double>& z, int32_t target, double smoothing = 0) {
  const auto classes = static_cast<int64_t>(z.size());
  const Block logits(Shape{1, classes}, dtype), items(Shape{1}, dtype), slopes(Shape{1, classes}, dtype);
  for (int64_t c = 0; c < classes; ++c) logits.put(c, z[static_cast<size_t>(c)]);
  const SoftmaxCrossEntropy loss{
      {.logits = logits.tensor, .items = items.tensor, .d_logits = slopes.tensor}, &target, -100, {}, smoothing};
  kernels.softmax_cross_entropy(loss);
  kernels.softmax_cross_entropy_backward(loss);
  One one{items.at(0), {}};
  for (int64_t c = 0; c < classes; ++c) one.slopes.push_back(slopes.at(c));
  return one;
}

TEST(SoftmaxCrossEntropy, ByHand) {
  for (const bool fast : {false, true}) {
    const auto kernels = fast ? cpu::make_kernels(1) : reference::make_kernels();
    const DType dtype = fast ? DType::f32 : DType::f64;
    const One one = softmax_of(*kernels, dtype, {std::log(0.2), std::log(0.8)}, 0);
    EXPECT_NEAR(one.item, -std::log(0.2), 1e-6);
    EXPECT_NEAR(one.slopes[0], -0.8, 1e-6);
    EXPECT_NEAR(one.slopes[1], 0.8, 1e-6);
    // Smoothing 0.5 of two classes: three quarters of the weight on the target.
    const One smooth = softmax_of(*kernels, dtype, {std::log(0.2), std::log(0.8)}, 0, 0.5);
    EXPECT_NEAR(smooth.item, -0.75 * std::log(0.2) - 0.25 * std::log(0.8), 1e-6);
    EXPECT_NEAR(smooth.slopes[0], 0.2 - 0.75, 1e-6);
  }
}

TEST(SoftmaxCrossEntropy, Extremes) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool fast : {false, true}) {
    const auto kernels = fast ? cpu::make_kernels(1) : reference::make_kernels();
    const DType dtype = fast ? DType::f32 : DType::f64;
    const One far = softmax_of(*kernels, dtype, {1e30, -1e30, 0}, 1, 0.1);
    EXPECT_TRUE(std::isfinite(far.item));
    EXPECT_NEAR(far.item / 1e30, 0.9 * 2 + 0.1 / 3 * 3, 1e-6);
    for (const double slope : far.slopes) EXPECT_TRUE(std::isfinite(slope));
    EXPECT_EQ(softmax_of(*kernels, dtype, {1e30, -1e30}, 0).item, 0);
    for (const double bad : {inf, -inf, nan})
      for (const int32_t target : {0, 1})
        EXPECT_FALSE(std::isfinite(softmax_of(*kernels, dtype, {bad, 0.5, 1}, target).item))
            << bad << " target " << target;
  }
}

TEST(SoftmaxCrossEntropy, ATargetOutsideTheClassesIsAnError) {
  const auto kernels = cpu::make_kernels(1);
  for (const int32_t wrong : {-1, 3}) EXPECT_THROW(softmax_of(*kernels, DType::f32, {0, 0, 0}, wrong), Error);
}

TEST(SigmoidCrossEntropy, Extremes) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool fast : {false, true}) {
    const auto kernels = fast ? cpu::make_kernels(1) : reference::make_kernels();
    const DType dtype = fast ? DType::f32 : DType::f64;
    const auto item_of = [&](double z, double y) {
      const Block logits(Shape{1, 1}, dtype), targets(Shape{1, 1}, dtype), items(Shape{1}, dtype);
      logits.put(0, z);
      targets.put(0, y);
      kernels->sigmoid_cross_entropy(
          {{.logits = logits.tensor, .items = items.tensor, .d_logits = {}}, targets.tensor});
      return items.at(0);
    };
    EXPECT_NEAR(item_of(0, 1), std::log(2.0), 1e-7);
    EXPECT_EQ(item_of(1e30, 1), 0);
    EXPECT_NEAR(item_of(-1e30, 1) / 1e30, 1, 1e-6);
    EXPECT_NEAR(item_of(-20, 0) / std::exp(-20), 1, 1e-6) << "the far tail keeps its digits";
    for (const double bad : {inf, -inf, nan})
      for (const double y : {0.0, 1.0}) EXPECT_FALSE(std::isfinite(item_of(bad, y))) << bad << " target " << y;
  }
}

}  // namespace
}  // namespace attune::kernels::test
