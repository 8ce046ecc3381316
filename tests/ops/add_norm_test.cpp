#include "attune/ops/add_norm.h"

#include "attune/ops/activation.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class AddNorm : public test::GradientCheck {};

TEST_F(AddNorm, ByHand) {
  Context run = context();
  const Tensor y = add_norm(run, values({1, 2}, {1, 2}), values({1, 2}, {1, 4}), values({2}, {10, 20}),
                            values({2}, {0.5, -0.5}), {.eps = 0});
  EXPECT_NEAR(y.as<double>()[0], -10 + 0.5, 1e-12);  // sums 2 and 6: -1 and 1 after the norm
  EXPECT_NEAR(y.as<double>()[1], 20 - 0.5, 1e-12);
}

TEST_F(AddNorm, Gradients) {
  const auto keys = row_keys(3);
  const Tensor x = normal({3, 6}, 1), residual = normal({3, 6}, 2), gamma = normal({6}, 3), beta = normal({6}, 4);
  for (const float p : {0.0f, 0.4f}) {
    const AddNormOptions options{.eps = 1e-5, .dropout = p, .stream = 5, .row_keys = keys.data()};
    check({x, residual, gamma, beta}, [&](Context& run, const Inputs& in) {
      return std::vector{add_norm(run, in[0], in[1], in[2], in[3], options)};
    });
    check({x, gamma, beta}, [&](Context& run, const Inputs& in) {
      return std::vector{add_norm(run, in[0], {}, in[1], in[2], options)};  // no residual
    });
  }
}

// x and the residual feed other ops, too, and one tensor may be both.
TEST_F(AddNorm, GradientsOfWhatIsSharedAddUp) {
  const Tensor gamma = normal({4}, 3), beta = normal({4}, 4);
  check({normal({2, 4}, 1), normal({2, 4}, 2)}, [&](Context& run, const Inputs& in) {
    const Tensor y = add_norm(run, in[0], in[1], gamma, beta, {.eps = 1e-5});
    return std::vector{y, activation(run, ActivationKind::tanh, in[0]), activation(run, ActivationKind::gelu, in[1]),
                       add_norm(run, in[1], in[1], gamma, beta, {.eps = 1e-5})};
  });
}

TEST_F(AddNorm, TwinInABf16RunOnly) {
  const auto kernels = kernels::cpu::make_kernels(1);
  for (const DType compute : {DType::bf16, DType::f32}) {
    Context run{.kernels = *kernels, .arena = arena_, .compute = compute};
    Tensor each[3];
    for (Tensor& t : each) t = arena_.tensor({4}, DType::f32);
    for (int i = 0; i < 4; ++i)
      each[0].as<float>()[i] = static_cast<float>(i * i), each[1].as<float>()[i] = 1.1f, each[2].as<float>()[i] = 0.3f;
    const Tensor y = add_norm(run, each[0].reshaped({1, 4}), {}, each[1], each[2], {});
    ASSERT_EQ(y.twin != nullptr, compute == DType::bf16);
    for (int i = 0; y.twin && i < 4; ++i) EXPECT_EQ(y.twin[i].bits, tensor::BFloat16(y.as<float>()[i]).bits) << i;
  }
}

}  // namespace
}  // namespace attune::ops
