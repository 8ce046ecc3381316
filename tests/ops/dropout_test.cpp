#include "attune/ops/dropout.h"

#include "attune/ops/activation.h"

#include "gradient_check.h"
#include "tests/base/expect_error.h"

namespace attune::ops {
namespace {

class Dropout : public test::GradientCheck {
 protected:
  std::vector<uint64_t> keys_ = row_keys(6);
  DropoutOptions options_{.p = 0.4f, .stream = 9, .row_keys = keys_.data()};
};

TEST_F(Dropout, GradientsPassWhereValuesDo) {
  const auto gradients = check(
      {normal({6, 5}, 1)}, [&](Context& run, const Inputs& in) { return std::vector{dropout(run, in[0], options_)}; });
  EXPECT_GT(std::count(gradients[0].begin(), gradients[0].end(), 0.0), 3);
  check({normal({6, 5}, 2)}, [&](Context& run, const Inputs& in) {
    return std::vector{dropout(run, in[0], options_), activation(run, ActivationKind::tanh, in[0])};  // shared
  });
}

// What stays is scaled by 1 / (1 - p); what falls depends on seed, step and place, and on nothing else.
TEST_F(Dropout, DrawsAreNamed) {
  const Tensor ones = zeros({6, 500});
  std::fill_n(ones.as<double>(), ones.count(), 1.0);
  const auto draw = [&](autograd::RandomPass random, uint64_t stream) {
    Context run = context();
    run.random = random;
    options_.stream = stream;
    const Tensor y = dropout(run, ones, options_);
    return std::vector<double>(y.as<double>(), y.as<double>() + y.count());
  };
  const auto first = draw({.seed = 1}, 9);
  const auto kept = std::count_if(first.begin(), first.end(), [](double y) { return y != 0; });
  EXPECT_NEAR(static_cast<double>(kept) / 3000, 0.6, 0.04);
  for (const double y : first) EXPECT_TRUE(y == 0 || std::abs(y - 1 / 0.6) < 1e-7) << y;
  EXPECT_EQ(first, draw({.seed = 1}, 9));
  EXPECT_NE(first, draw({.seed = 2}, 9));
  EXPECT_NE(first, draw({.seed = 1, .step = 1}, 9));
  EXPECT_NE(first, draw({.seed = 1, .pass = 1}, 9));
  EXPECT_NE(first, draw({.seed = 1}, 10));
}

TEST_F(Dropout, TheIdentityOutsideTraining) {
  const Tensor x = normal({6, 5}, 1);
  Context run = context();
  EXPECT_EQ(dropout(run, x, {.p = 0}).data, x.data);
  run.training = false;
  EXPECT_EQ(dropout(run, x, options_).data, x.data);
}

TEST_F(Dropout, WrongUseIsAnError) {
  Context run = context();
  EXPECT_ERROR(ErrorKind::internal, dropout(run, zeros({1, 1}), {.p = 1}), "a dropout rate of 1");
  EXPECT_ERROR(ErrorKind::internal, dropout(run, zeros({1, 1}), {.p = 0.5f}), "without row keys");
}

// In a bf16 run the copy that products read has lost the same elements.
TEST_F(Dropout, TheTwinIsDroppedToo) {
  const auto kernels = kernels::cpu::make_kernels(1);
  Context run{.kernels = *kernels, .arena = arena_, .compute = DType::bf16, .training = true};
  Tensor x = arena_.tensor({6, 5}, DType::f32);
  for (int i = 0; i < 30; ++i) x.as<float>()[i] = static_cast<float>(i) + 1.3f;
  std::vector<tensor::BFloat16> old(30, tensor::BFloat16(99));
  x.twin = old.data();
  const Tensor y = dropout(run, x, options_);
  ASSERT_NE(y.twin, nullptr);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(y.twin[i].bits, tensor::BFloat16(y.as<float>()[i]).bits) << i;
}

}  // namespace
}  // namespace attune::ops
