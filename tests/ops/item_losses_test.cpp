// The losses as ops: item weights arrive as gradients of the items (here the check's random weights, of either sign).
#include "attune/ops/item_losses.h"

#include "attune/ops/activation.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class ItemLosses : public test::GradientCheck {};

TEST_F(ItemLosses, SoftmaxCrossEntropy) {
  const std::vector<int32_t> targets{2, -100, 0, 1};
  const Tensor weights = values({3}, {0.5, 2, 1});
  for (const bool weighted : {false, true})
    for (const double smoothing : {0.0, 0.2}) {
      const CrossEntropyOptions options{.class_weights = weighted ? weights : Tensor{}, .smoothing = smoothing};
      const auto gradients = check({normal({4, 3}, 1, 2)}, [&](Context& run, const Inputs& in) {
        return std::vector{softmax_cross_entropy(run, in[0], targets.data(), options)};
      });
      for (size_t c = 0; c < 3; ++c) EXPECT_EQ(gradients[0][3 + c], 0) << "an ignored row";
    }
  Context run = context();
  const Tensor items =
      softmax_cross_entropy(run, values({1, 2}, {0, std::log(3)}), targets.data() + 3, {.class_weights = weights});
  EXPECT_NEAR(items.as<double>()[0], 2 * std::log(4.0 / 3), 1e-14);
}

TEST_F(ItemLosses, SigmoidCrossEntropy) {
  const Tensor targets = values({2, 3}, {1, 0, -1, 0.3, 1, 0}), positive = values({3}, {1, 3, 0.5});
  for (const bool weighted : {false, true}) {
    const auto gradients = check({normal({2, 3}, 1, 2)}, [&](Context& run, const Inputs& in) {
      return std::vector{sigmoid_cross_entropy(run, in[0], targets, weighted ? positive : Tensor{})};
    });
    EXPECT_EQ(gradients[0][2], 0) << "an unknown label";
  }
  Context run = context();
  const Tensor items =
      sigmoid_cross_entropy(run, values({1, 2}, {0, std::log(3)}), values({1, 2}, {1, 0}), values({2}, {5, 7}));
  EXPECT_NEAR(items.as<double>()[0], 5 * std::log(2) + std::log(4), 1e-14);
}

TEST_F(ItemLosses, SquaredError) {
  const Tensor targets = normal({3, 2}, 5);
  check({normal({3, 2}, 1)},
        [&](Context& run, const Inputs& in) { return std::vector{squared_error(run, in[0], targets)}; });
  Context run = context();
  EXPECT_EQ(squared_error(run, values({1, 2}, {3, 1}), values({1, 2}, {1, 2})).as<double>()[0], 5);
}

// Two losses of the same logits add up, and so does an op beside them.
TEST_F(ItemLosses, GradientsOfWhatIsSharedAddUp) {
  const std::vector<int32_t> classes{1, 0};
  const Tensor targets = values({2, 2}, {1, 0, 0, 1});
  check({normal({2, 2}, 1)}, [&](Context& run, const Inputs& in) {
    return std::vector{softmax_cross_entropy(run, in[0], classes.data(), {}), squared_error(run, in[0], targets),
                       sigmoid_cross_entropy(run, in[0], targets, {}), activation(run, ActivationKind::tanh, in[0])};
  });
}

}  // namespace
}  // namespace attune::ops
