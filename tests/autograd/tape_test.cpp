#include "attune/autograd/tape.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/ops/activation.h"
#include "attune/ops/dropout.h"

namespace attune::autograd {
namespace {

using tensor::DType;

class TapeTest : public ::testing::Test {
 protected:
  Tensor vector(std::initializer_list<double> values) {
    const Tensor t = arena_.tensor({1, static_cast<int64_t>(values.size())}, DType::f64);
    std::copy(values.begin(), values.end(), t.as<double>());
    return t;
  }
  double gradient(const Tensor& x, int at) const { return tape_.gradient(x).as<double>()[at]; }

  std::unique_ptr<kernels::Kernels> kernels_ = kernels::reference::make_kernels();
  tensor::Arena arena_;
  Tape tape_{arena_, *kernels_};
  Context context_{.kernels = *kernels_, .arena = arena_, .tape = &tape_, .compute = DType::f64};
};

// x feeds two ops: d/dx (relu(x) + 3 tanh(x)) = [x > 0] + 3 (1 - tanh(x)^2), whichever op's backward runs first.
TEST_F(TapeTest, GradientsOfAnInputThatFeedsTwoOpsAddUp) {
  const Tensor x = tape_.variable(vector({0.5, -0.25, 2.0}));
  const Tensor a = ops::activation(context_, kernels::ActivationKind::relu, x);
  const Tensor b = ops::activation(context_, kernels::ActivationKind::tanh, x);
  tape_.seed(a, vector({1, 1, 1}));
  tape_.seed(b, vector({3, 3, 3}));
  tape_.backward();
  for (int i = 0; i < 3; ++i) {
    const double v = x.as<double>()[i], t = std::tanh(v);
    EXPECT_NEAR(gradient(x, i), (v > 0 ? 1 : 0) + 3 * (1 - t * t), 1e-15);
  }
}

TEST_F(TapeTest, SeedsOfOneRootAddUp) {
  const Tensor x = tape_.variable(vector({1.0}));
  const Tensor y = ops::activation(context_, kernels::ActivationKind::relu, x);
  tape_.seed(y, vector({2}));
  tape_.seed(y, vector({5}));
  tape_.backward();
  EXPECT_EQ(gradient(x, 0), 7);
}

TEST_F(TapeTest, NothingIsRecordedBelowWhatIsFrozen) {
  const Tensor y = ops::activation(context_, kernels::ActivationKind::tanh, vector({1.0, 2.0}));
  EXPECT_EQ(tape_.nodes(), 0u);
  EXPECT_FALSE(Tape::wants(y));
}

TEST_F(TapeTest, ALeafKeepsAddingAcrossRecordingsUntilItsStepEnds) {
  const Tensor value = vector({2.0}), kept = vector({0.0});
  bool started = false;
  for (int micro_batch = 0; micro_batch < 3; ++micro_batch) {
    tape_.clear();
    const Tensor x = tape_.leaf(value, kept, &started);
    tape_.seed(ops::activation(context_, kernels::ActivationKind::relu, x), vector({1.5}));
    tape_.backward();
    EXPECT_TRUE(started);
  }
  EXPECT_EQ(kept.as<double>()[0], 4.5);
}

TEST_F(TapeTest, ABackwardWithoutAVariableIsAnError) {
  EXPECT_THROW(tape_.seed(vector({1}), vector({1})), Error);
}

}  // namespace
}  // namespace attune::autograd
