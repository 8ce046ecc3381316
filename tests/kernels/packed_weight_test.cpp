// Packed weights: where each element stands, what products make of them, and that updates keep them in step.
#include "attune/kernels/packed_weight.h"

#include <gtest/gtest.h>

#include "devices.h"

namespace attune::kernels::test {
namespace {

using tensor::BFloat16;

struct Packed {
  explicit Packed(const Shape& shape)
      : forward(static_cast<size_t>(shape.count()) * 2 + 64),
        backward(forward.bytes()),
        forms{static_cast<BFloat16*>(forward.data()), static_cast<BFloat16*>(backward.data())} {}
  tensor::Buffer forward, backward;
  tensor::PackedWeight forms;
};

// B[k, n] of a packed [K, N] factor, by the contract.
BFloat16 element(const BFloat16* b, int64_t rows, int64_t k, int64_t n) {
  return b[((n / 64) * (rows / 2) + k / 2) * 128 + (n % 64) * 2 + k % 2];
}

const Shape kPackedShapes[] = {{64, 64}, {192, 64}, {64, 640}, {128, 1088}};

TEST(PackedWeight, EveryElementStandsInItsPlace) {
  for (const Shape& shape : kPackedShapes) {
    if (!cpu::packs_weight(shape)) GTEST_SKIP() << "no bf16 products here";
    const Block w = normal(shape, DType::f32, 1);
    const Packed packed(shape);
    cpu::pack_weight(w.tensor, packed.forms);
    const int64_t out = shape[0], in = shape[1];
    for (int64_t o = 0; o < out; ++o)
      for (int64_t i = 0; i < in; ++i) {
        const uint16_t want = BFloat16(static_cast<float>(w.at(o * in + i))).bits;
        ASSERT_EQ(element(packed.forms.forward, in, i, o).bits, want) << shape.text() << " " << o << ", " << i;
        ASSERT_EQ(element(packed.forms.backward, out, o, i).bits, want) << shape.text() << " " << o << ", " << i;
      }
  }
}

TEST(PackedWeight, OnlyWholeBlocks) {
  EXPECT_FALSE(cpu::packs_weight({2, 64}));
  EXPECT_FALSE(cpu::packs_weight({64, 96}));
  EXPECT_FALSE(cpu::packs_weight({64}));
}

TEST(PackedWeight, ProductsAreThoseOfTheTwin) {
  for (const Shape& shape : kPackedShapes)
    for (const int64_t rows : {1, 16, 37}) {
      if (!cpu::packs_weight(shape)) GTEST_SKIP() << "no bf16 products here";
      const Block w = normal(shape, DType::f32, 1), bias = normal(Shape{shape[0]}, DType::f32, 2);
      const Block twin = converted(w.tensor, DType::bf16);
      const Packed packed(shape);
      cpu::pack_weight(w.tensor, packed.forms);
      Tensor with_forms = w.tensor;
      with_forms.packed = &packed.forms;
      for (const bool forward : {true, false}) {
        const int64_t k = forward ? shape[1] : shape[0], n = forward ? shape[0] : shape[1];
        const Block a = converted(normal(Shape{rows, k}, DType::f32, 3).tensor, DType::bf16);
        for (const DType result : {DType::f32, DType::bf16}) {
          const Block plain(Shape{rows, n}, result), fast(Shape{rows, n}, result), two(Shape{rows, n}, result);
          const Tensor b = forward ? bias.tensor : Tensor{};
          cpu::make_kernels(1)->matmul(
              {.a = a.tensor, .b = twin.tensor, .c = plain.tensor, .bias = b, .transpose_b = forward});
          cpu::make_kernels(1)->matmul(
              {.a = a.tensor, .b = with_forms, .c = fast.tensor, .bias = b, .transpose_b = forward});
          cpu::make_kernels(2)->matmul(
              {.a = a.tensor, .b = with_forms, .c = two.tensor, .bias = b, .transpose_b = forward});
          // Sums of k products of size 1, in another order.
          const double rounding = result == DType::bf16 ? 8e-3 : 1e-6 * std::sqrt(static_cast<double>(k));
          for (int64_t i = 0; i < rows * n; ++i) {
            ASSERT_NEAR(fast.at(i), plain.at(i), rounding * (1 + std::abs(plain.at(i)))) << i;
            ASSERT_EQ(fast.at(i), two.at(i)) << "threads";
          }
        }
      }
    }
}

template <class Update>
void expect_in_step(const Shape& shape, const Update& update) {
  const Block w = normal(shape, DType::f32, 1), plain_w = converted(w.tensor, DType::f32);
  const Packed packed(shape), want(shape);
  Tensor with_forms = w.tensor;
  with_forms.packed = &packed.forms;
  cpu::pack_weight(w.tensor, packed.forms);
  update(with_forms), update(plain_w.tensor);
  for (int64_t i = 0; i < shape.count(); ++i) ASSERT_EQ(w.at(i), plain_w.at(i)) << i;
  cpu::pack_weight(w.tensor, want.forms);
  for (int64_t i = 0; i < shape.count(); ++i) {
    ASSERT_EQ(packed.forms.forward[i].bits, want.forms.forward[i].bits) << i;
    ASSERT_EQ(packed.forms.backward[i].bits, want.forms.backward[i].bits) << i;
  }
}

TEST(PackedWeight, UpdatesKeepItInStep) {
  for (const Shape& shape : kPackedShapes) {
    if (!cpu::packs_weight(shape)) GTEST_SKIP() << "no bf16 products here";
    const Block g = normal(shape, DType::f32, 2);
    for (const int threads : {1, 2}) {
      expect_in_step(shape, [&](const Tensor& w) {
        const Block m(shape, DType::f32), v(shape, DType::f32);
        cpu::make_kernels(1)->fill({.y = m.tensor, .value = 0.1}),
            cpu::make_kernels(1)->fill({.y = v.tensor, .value = 0.2});
        cpu::make_kernels(threads)->adam_update(
            {.w = w, .g = g.tensor, .m = m.tensor, .v = v.tensor, .rate = 0.1, .decay = 0.01});
      });
      expect_in_step(shape, [&](const Tensor& w) {
        const Block m(shape, DType::f32);
        cpu::make_kernels(threads)->sgd_update({.w = w, .g = g.tensor, .m = m.tensor, .rate = 0.1, .momentum = 0.9});
      });
    }
  }
}

}  // namespace
}  // namespace attune::kernels::test
