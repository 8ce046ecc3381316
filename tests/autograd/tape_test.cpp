#include "attune/autograd/tape.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/ops/activation.h"
#include "attune/ops/dropout.h"
#include "attune/ops/linear.h"

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

// Of a chain of ops that turn a gradient in place one is alive at a time.
TEST_F(TapeTest, MemoryOfAGradientThatNobodyReadsAnyMoreServesAgain) {
  const Tensor x = tape_.variable(vector({0.5, -0.25, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0}));
  Tensor y = x;
  for (int i = 0; i < 10; ++i) y = ops::activation(context_, kernels::ActivationKind::relu, y);
  const size_t before = arena_.used();
  tape_.seed(y, vector({3, 3, 3, 3, 3, 3, 3, 3}));
  tape_.backward();
  EXPECT_EQ(gradient(x, 0), 3);
  EXPECT_EQ(gradient(x, 1), 0);
  EXPECT_EQ(arena_.used() - before,
            2 * x.bytes());  // the seed's own vector is one of them; activations turn it in place
}

TEST_F(TapeTest, NothingIsRecordedBelowWhatIsFrozen) {
  const Tensor y = ops::activation(context_, kernels::ActivationKind::tanh, vector({1.0, 2.0}));
  EXPECT_EQ(tape_.nodes(), 0u);
  EXPECT_FALSE(Tape::wants(y));
}

TEST_F(TapeTest, ALeafKeepsAddingAcrossRecordingsUntilItsStepEnds) {
  const Tensor value = vector({2.0}), kept = vector({0.0});
  autograd::LeafState state;
  for (int micro_batch = 0; micro_batch < 3; ++micro_batch) {
    tape_.clear();
    const Tensor x = tape_.leaf(value, kept, &state);
    tape_.seed(ops::activation(context_, kernels::ActivationKind::relu, x), vector({1.5}));
    tape_.backward();
    EXPECT_TRUE(state.started);
  }
  EXPECT_EQ(kept.as<double>()[0], 4.5);
}

// y = x W^T twice over: the second product adds to W's gradient, and the squares are of the sum.
TEST_F(TapeTest, SquaresAreOfTheGradientAsItStands) {
  const Tensor weight = vector({2.0, -1.0}), kept = vector({0, 0}), squares = arena_.tensor({1, 1}, DType::f64);
  LeafState state;
  const Tensor leaf = tape_.leaf(weight, kept, &state, squares);
  for (const double x : {3.0, 4.0}) {
    const Tensor y = ops::linear(context_, vector({x, 1.0}), leaf, {}, DType::f64);
    const Tensor one = arena_.tensor({1, 1}, DType::f64);
    one.as<double>()[0] = 1;
    tape_.seed(y, one);
  }
  tape_.backward();
  EXPECT_EQ(kept.as<double>()[0], 7);
  EXPECT_TRUE(state.squared);
  EXPECT_EQ(*squares.as<double>(), 7 * 7 + 2 * 2);
}

TEST_F(TapeTest, WhoWritesWithoutSquaresMakesThemUnknown) {
  const Tensor weight = vector({2.0, -1.0}), kept = vector({0, 0}), squares = arena_.tensor({1, 1}, DType::f64);
  LeafState state;
  const Tensor leaf = tape_.leaf(weight, kept, &state, squares);
  const Tensor other = ops::activation(context_, kernels::ActivationKind::relu, leaf);  // its backward comes last
  const Tensor y = ops::linear(context_, vector({3.0, 1.0}), leaf, {}, DType::f64);
  const Tensor one = arena_.tensor({1, 1}, DType::f64);
  one.as<double>()[0] = 1;
  tape_.seed(y, one);
  tape_.seed(other, vector({1, 1}));
  tape_.backward();
  EXPECT_EQ(kept.as<double>()[0], 4);
  EXPECT_TRUE(state.started);
  EXPECT_FALSE(state.squared);
}

TEST_F(TapeTest, ABackwardWithoutAVariableIsAnError) {
  EXPECT_THROW(tape_.seed(vector({1}), vector({1})), Error);
}

}  // namespace
}  // namespace attune::autograd
