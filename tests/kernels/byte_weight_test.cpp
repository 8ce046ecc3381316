// Weights held as bytes: where each byte stands, what floats it stands for, and what products make of them.
#include "attune/kernels/cpu/byte_weight.h"

#include <gtest/gtest.h>

#include "attune/kernels/cpu/matmul_dot.h"
#include "attune/kernels/packed_weight.h"
#include "attune/kernels/quantized.h"
#include "attune/kernels/row_squares.h"

#include "devices.h"

namespace attune::kernels::test {
namespace {

using tensor::BFloat16;
using tensor::ByteWeight;

// Whole blocks, and shapes that are filled up.
const Shape kShapes[] = {{64, 64}, {192, 64}, {64, 640}, {128, 1088}, {3, 4}, {70, 131}, {130, 64}};

// A weight in f32 and as bytes. Its rows are of very unlike size; one is 0, one has a tie.
struct Held {
  explicit Held(const Shape& shape)
      : floats(normal(shape, DType::f32, 1)),
        buffer(ByteWeight::bytes_of(shape[0], shape[1])),
        weight(ByteWeight::in_block(buffer.data(), shape[0], shape[1])) {
    const int64_t in = shape[1];
    for (int64_t o = 0; o < shape[0]; ++o)
      for (int64_t i = 0; i < in; ++i) floats.put(o * in + i, floats.at(o * in + i) * (1 + static_cast<double>(o % 9)));
    for (int64_t i = 0; i < in; ++i) floats.put(1 * in + i, 0), floats.put(2 * in + i, i == 0 ? 254 : i == 1 ? -5 : 1);
    // (A few rows at a time, as a file is read.)
    for (int64_t o = 0; o < shape[0]; o += 7)
      quantize_weight_rows(floats.tensor.slice_rows(o, std::min(o + 7, shape[0])), o, weight);
  }
  float at(int64_t o, int64_t i) const {
    return weight.scale[o] * static_cast<float>(weight.values[ByteWeight::place(o, i, floats.tensor.cols())]);
  }
  // W' in f32.
  Block wide() const {
    Block w(floats.tensor.shape, DType::f32);
    for (int64_t o = 0; o < w.tensor.rows(); ++o)
      for (int64_t i = 0; i < w.tensor.cols(); ++i) w.put(o * w.tensor.cols() + i, static_cast<double>(at(o, i)));
    return w;
  }
  Tensor tensor() const { return {.shape = floats.tensor.shape, .byte_weight = &weight}; }

  Block floats;
  tensor::Buffer buffer;
  ByteWeight weight;
};

TEST(ByteWeight, IsTheWeightRoundedToAHalfStepOfItsRow) {
  for (const Shape& shape : kShapes) {
    const Held held(shape);
    const int64_t in = shape[1];
    for (int64_t o = 0; o < shape[0]; ++o) {
      double most = 0;
      for (int64_t i = 0; i < in; ++i) most = std::max(most, std::abs(held.floats.at(o * in + i)));
      ASSERT_NEAR(held.weight.scale[o], most / 127, 1e-6 * most) << shape.text() << " " << o;
      for (int64_t i = 0; i < in; ++i)
        ASSERT_NEAR(held.at(o, i), held.floats.at(o * in + i), 0.5001 * most / 127)
            << shape.text() << " " << o << ", " << i;
    }
    EXPECT_EQ(held.weight.scale[1], 0) << "a row of zeros";
    EXPECT_EQ(held.weight.values[ByteWeight::place(2, 0, in)], 127);
    EXPECT_EQ(held.weight.values[ByteWeight::place(2, 1, in)], -2) << "-2.5 is rounded to even";
    EXPECT_EQ(held.weight.values[ByteWeight::place(2, 2, in)], 0) << "0.5 is rounded to even";
  }
}

// Of rows of unlike size a byte that is read in the wrong place shows.
TEST(RowSquares, AreThoseOfWhatEachFormStandsFor) {
  for (const Shape& shape : kShapes) {
    const Held held(shape);
    const int64_t out = shape[0], in = shape[1];
    const auto expect_sums_of = [&](const Block& floats, const Tensor& form, double off) {
      const std::vector<double> got = row_squares(form);
      ASSERT_EQ(std::ssize(got), out);
      for (int64_t o = 0; o < out; ++o) {
        double want = 0;
        for (int64_t i = 0; i < in; ++i) want += floats.at(o * in + i) * floats.at(o * in + i);
        ASSERT_NEAR(got[static_cast<size_t>(o)], want, off * want) << shape.text() << " row " << o;
      }
    };
    expect_sums_of(held.floats, held.floats.tensor, 1e-12);
    expect_sums_of(held.wide(), held.tensor(), 1e-6);
    tensor::Buffer buffer(tensor::QuantizedWeight::bytes_of(out, in));
    const auto quantized = tensor::QuantizedWeight::in_block(buffer.data(), out, in);
    quantize_weight_rows(held.floats.tensor, 0, quantized);
    expect_sums_of(held.wide(), {.shape = shape, .quantized = &quantized}, 1e-6);  // the same scales and bytes
    if (!cpu::packs_weight(shape)) continue;
    std::vector<BFloat16> forward(static_cast<size_t>(shape.count()));
    const tensor::PackedWeight packed{.forward = forward.data()};
    cpu::pack_weight(held.floats.tensor, packed);
    expect_sums_of(converted(held.floats.tensor, DType::bf16),
                   {.shape = shape, .dtype = DType::bf16, .packed = &packed}, 1e-6);
  }
}

TEST(ByteWeight, RowsAreItsFloatsRoundedOnce) {
  cpu::make_kernels(1);  // (holds the process to ATTUNE_MAX_ISA)
  for (const Shape& shape : kShapes) {
    const Held held(shape);
    const Block f32 = held.wide(), bf16 = converted(f32.tensor, DType::bf16);
    for (const int threads : {1, 2, 3}) {
      const Block got(shape, DType::f32), got_bf16(shape, DType::bf16);
      cpu::unpack_rows(threads, held.weight, got.tensor), cpu::unpack_rows(threads, held.weight, got_bf16.tensor);
      EXPECT_TRUE(same_bits(got.tensor, f32.tensor)) << shape.text();
      EXPECT_TRUE(same_bits(got_bf16.tensor, bf16.tensor)) << shape.text();
    }
  }
}

TEST(ByteWeight, BlocksAreThePackedFormsOfItsFloats) {
  for (const Shape& shape : kShapes) {
    if (!cpu::packs_weight(shape)) continue;
    const Held held(shape);
    const int64_t out = shape[0], in = shape[1];
    const Block wide = held.wide();
    tensor::Buffer forward(static_cast<size_t>(out * in) * 2), backward(forward.bytes()), block(forward.bytes());
    const tensor::PackedWeight want{static_cast<BFloat16*>(forward.data()), static_cast<BFloat16*>(backward.data())};
    cpu::pack_weight(wide.tensor, want);
    for (const bool transposed : {true, false}) {
      const int64_t k = transposed ? in : out, n = transposed ? out : in;
      const cpu::ByteFactor factor{.weight = &held.weight, .transposed = transposed, .k = k, .n = n};
      auto* const got = static_cast<BFloat16*>(block.data());
      for (int64_t b = 0; b < n / 64; ++b) {
        cpu::unpack_block(factor, b, got);
        const BFloat16* const from = (transposed ? want.forward : want.backward) + b * k * 64;
        for (int64_t j = 0; j < k * 64; ++j)
          ASSERT_EQ(got[j].bits, from[j].bits)
              << shape.text() << (transposed ? " forward " : " backward ") << b << ", " << j;
      }
    }
  }
}

// The same bits as products of the floats themselves, whatever reads them, with few threads (each unpacks for itself)
// and with many (they share).
TEST(ByteWeight, ProductsAreThoseOfItsFloats) {
  for (const Shape& shape : kShapes)
    for (const int64_t rows : {1, 37, 200})
      for (const DType operands : kElements)
        for (const bool forward : {true, false}) {
          const Held held(shape);
          const Block wide = held.wide(), floats = converted(wide.tensor, operands),
                      bias = normal(Shape{shape[0]}, DType::f32, 2);
          Tensor right = floats.tensor;
          tensor::Buffer forms[2];
          tensor::PackedWeight packed;
          if (operands == DType::bf16 && cpu::packs_weight(shape)) {
            for (auto& form : forms) form = tensor::Buffer(static_cast<size_t>(shape.count()) * 2);
            packed = {static_cast<BFloat16*>(forms[0].data()), static_cast<BFloat16*>(forms[1].data())};
            cpu::pack_weight(wide.tensor, packed);
            right = wide.tensor, right.packed = &packed;
          }
          const int64_t k = forward ? shape[1] : shape[0], n = forward ? shape[0] : shape[1];
          const Block a = converted(normal(Shape{rows, k}, DType::f32, 3).tensor, operands);
          for (const DType result : operands == DType::f32 ? std::vector{DType::f32} : kElements) {
            const auto product = [&](int threads, const Tensor& b, bool accumulate) {
              Block c = normal(Shape{rows, n}, result, 4);
              cpu::make_kernels(threads)->matmul({.a = a.tensor,
                                                  .b = b,
                                                  .c = c.tensor,
                                                  .bias = forward && !accumulate ? bias.tensor : Tensor{},
                                                  .transpose_b = forward,
                                                  .accumulate = accumulate});
              return c;
            };
            for (const bool accumulate : {false, true}) {
              if (accumulate && result == DType::bf16) continue;  // (by way of f32: nothing new)
              const Block want = product(1, right, accumulate);
              for (const int threads : {1, 2, 4, 6})
                ASSERT_TRUE(same_bits(product(threads, held.tensor(), accumulate).tensor, want.tensor))
                    << shape.text() << ", " << rows << " rows of " << name(operands) << ", " << threads << " threads";
            }
          }
        }
}

// Against plain loops in f64: off by the rounding of W' to bf16 (2^-9 of each addend) and of the sums, and no more.
TEST(ByteWeight, ProductsAreNearThePlainOnes) {
  for (const DType operands : kElements)
    for (const bool forward : {true, false}) {
      const Held held({192, 64});
      const int64_t rows = 37, k = forward ? 64 : 192, n = forward ? 192 : 64;
      const Block a = converted(normal(Shape{rows, k}, DType::f32, 3).tensor, operands),
                  plain_a = converted(a.tensor, DType::f64);
      const Block got(Shape{rows, n}, DType::f32), want(Shape{rows, n}, DType::f64);
      const auto run = [&](Kernels& kernels, const Block& left, const Block& c) {
        kernels.matmul({.a = left.tensor, .b = held.tensor(), .c = c.tensor, .transpose_b = forward});
      };
      run(*cpu::make_kernels(2), a, got), run(*reference::make_kernels(), plain_a, want);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < n; ++j) {
          double size = 0, sum = 0;
          for (int64_t l = 0; l < k; ++l) {
            const double addend = a.at(r * k + l) * static_cast<double>(forward ? held.at(j, l) : held.at(l, j));
            size += std::abs(addend), sum += addend;
          }
          ASSERT_NEAR(want.at(r * n + j), sum, 1e-9 * size);
          ASSERT_NEAR(got.at(r * n + j), sum, (operands == DType::bf16 ? 0x1p-9 : 0) * size + 1e-5 * size);
        }
    }
}

}  // namespace
}  // namespace attune::kernels::test
