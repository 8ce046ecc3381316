#include "attune/ops/linear.h"

#include "attune/ops/activation.h"
#include "attune/tensor/quantized.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class Linear : public test::GradientCheck {};

TEST_F(Linear, ByHand) {
  Context run = context();
  const Tensor y = linear(run, values({1, 2}, {3, 5}), values({2, 2}, {1, 10, 100, 1000}), values({2}, {0.5, -1}));
  EXPECT_EQ(y.as<double>()[0], 3 + 50 + 0.5);
  EXPECT_EQ(y.as<double>()[1], 300 + 5000 - 1);
}

TEST_F(Linear, Gradients) {
  check({normal({5, 3}, 1), normal({4, 3}, 2), normal({4}, 3)},
        [](Context& run, const Inputs& in) { return std::vector{linear(run, in[0], in[1], in[2])}; });
  check({normal({5, 3}, 4), normal({4, 3}, 5)}, [](Context& run, const Inputs& in) {
    return std::vector{linear(run, in[0], in[1], {})};  // without a bias
  });
}

// An input read by two products, one of which shares its weight and bias with a third: everything adds up.
TEST_F(Linear, GradientsOfWhatIsSharedAddUp) {
  check({normal({3, 4}, 1), normal({4, 4}, 2), normal({4}, 3), normal({2, 4}, 4)}, [](Context& run, const Inputs& in) {
    const Tensor once = activation(run, ActivationKind::tanh, linear(run, in[0], in[1], in[2]));
    return std::vector{linear(run, once, in[1], in[2]), linear(run, in[0], in[3], {})};
  });
}

// What is frozen gets no gradient, and what stands beside it gets its own.
TEST_F(Linear, FrozenOperands) {
  const Tensor x = normal({2, 3}, 1), w = normal({2, 3}, 2), b = normal({2}, 3);
  check({x}, [&](Context& run, const Inputs& in) { return std::vector{linear(run, in[0], w, b)}; });
  check({b}, [&](Context& run, const Inputs& in) { return std::vector{linear(run, x, w, in[0])}; });
  tape_.clear();
  Context run = context(&tape_);
  linear(run, x, w, b);
  EXPECT_EQ(tape_.nodes(), 0U);
}

// A frozen weight of bytes stands for the floats scale q, both ways.
TEST_F(Linear, AWeightOfBytes) {
  using tensor::ByteWeight;
  const int64_t out = 4, in = 3;
  std::vector<float> rows;
  for (int64_t i = 0; i < out * in; ++i) rows.push_back(static_cast<float>(normal({1}, i).as<double>()[0]));
  tensor::Buffer block(ByteWeight::bytes_of(out, in));
  const ByteWeight bytes = ByteWeight::in_block(block.data(), out, in);
  kernels::quantize_weight_rows({.data = rows.data(), .shape = {out, in}}, 0, bytes);
  const Tensor held{.shape = {out, in}, .byte_weight = &bytes}, floats = zeros({out, in});
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i)
      floats.as<double>()[o * in + i] =
          static_cast<double>(bytes.scale[o] * static_cast<float>(bytes.values[ByteWeight::place(o, i, in)]));
  const auto by = [&](const Tensor& w) {
    return check({normal({5, in}, 1), normal({out}, 3)},
                 [&](Context& run, const Inputs& inputs) { return std::vector{linear(run, inputs[0], w, inputs[1])}; });
  };
  EXPECT_EQ(by(held), by(floats));
}

TEST_F(Linear, WidthsMustAgree) {
  Context run = context();
  EXPECT_THROW(linear(run, zeros({2, 3}), zeros({2, 4}), {}), Error);
}

// In a bf16 run products read the twin where there is one, and round a copy where there is none.
TEST_F(Linear, ProductsReadTheTwin) {
  const auto kernels = kernels::cpu::make_kernels(1);
  Context run{.kernels = *kernels, .arena = arena_, .compute = DType::bf16};
  Tensor x = arena_.tensor({1, 2}, DType::f32);
  x.as<float>()[0] = 1.00390625f, x.as<float>()[1] = -3;  // 1 + 2^-8: not a bf16 number, rounds to 1
  const Tensor rounded = as_product_input(run, x);
  EXPECT_EQ(rounded.dtype, DType::bf16);
  EXPECT_EQ(static_cast<float>(rounded.as<tensor::BFloat16>()[0]), 1);
  tensor::BFloat16 twin[2] = {tensor::BFloat16(7), tensor::BFloat16(8)};
  x.twin = twin;
  EXPECT_EQ(as_product_input(run, x).data, static_cast<void*>(twin));
}

}  // namespace
}  // namespace attune::ops
