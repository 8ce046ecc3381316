// The walk over tiles of bf16, with tiles in plain memory. (Where there is AMX, matmul_test and packed_weight_test try
// the processor's own; products of bytes are tried in quantized_test.)
#include <cmath>
#include <gtest/gtest.h>
#include <optional>
#include <vector>

#include "attune/kernels/cpu/matmul_tiles.h"
#include "attune/kernels/packed_weight.h"

#include "devices.h"
#include "plain_tiles.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/tile_walk.h"

namespace attune::kernels::test {
namespace {

using tensor::BFloat16;

// What stands in C beforehand, or what is added to each column.
struct Extra {
  DType result;
  bool bias, accumulate;
};
const Extra kExtras[] = {
    {DType::f32, false, false}, {DType::f32, true, false}, {DType::f32, false, true}, {DType::bf16, true, false}};

class TileWalk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!cpu::dots_bf16()) GTEST_SKIP() << "results are rounded by AVX-512's bf16 instructions";
  }
};

TEST_F(TileWalk, Products) {
  for (const int64_t m : {1, 5, 16, 17, 32, 33, 400})
    for (const auto& [k, n] : {std::pair<int64_t, int64_t>{64, 64}, {384, 192}})
      for (const Extra& extra : kExtras) {
        const Block a = converted(normal(Shape{m, k}, DType::f32, 1).tensor, DType::bf16);
        const Block b = converted(normal(Shape{k, n}, DType::f32, 2).tensor, DType::bf16);
        const Block bias = normal(Shape{n}, DType::f32, 3), before = normal(Shape{m, n}, DType::f32, 4);
        std::vector<BFloat16> packed(static_cast<size_t>(k * n));
        cpu::pack_factor({b.tensor.as<BFloat16>(), k, n, k}, 0, n / cpu::kPackBlock, packed.data());
        std::optional<Block> first;
        for (const int threads : {1, 2, 3}) {
          Block c = converted(before.tensor, extra.result);
          cpu::walk_product<PlainTiles<cpu::TileProduct::bf16>>(threads,
                                                                {.m = m,
                                                                 .k = k,
                                                                 .n = n,
                                                                 .a = a.tensor.as<BFloat16>(),
                                                                 .lda = k,
                                                                 .b = packed.data(),
                                                                 .bias = extra.bias ? bias.tensor.as<float>() : nullptr,
                                                                 .c = c.tensor.data,
                                                                 .result = extra.result,
                                                                 .accumulate = extra.accumulate});
          if (threads > 1) {
            EXPECT_TRUE(same_bits(first->tensor, c.tensor)) << m << " rows, " << threads << " threads";
            continue;
          }
          for (int64_t i = 0; i < m; ++i)
            for (int64_t j = 0; j < n; ++j) {
              double sum = (extra.bias ? bias.at(j) : 0) + (extra.accumulate ? before.at(i * n + j) : 0);
              for (int64_t p = 0; p < k; ++p) sum += a.at(i * k + p) * b.at(p * n + j);
              const double rounding = extra.result == DType::bf16 ? std::abs(sum) / 256 : 0;
              ASSERT_NEAR(c.at(i * n + j), sum, 1e-4 + rounding) << m << " rows of " << k << ": " << i << ", " << j;
            }
          first = std::move(c);
        }
      }
}

TEST_F(TileWalk, WeightGradients) {
  for (const int64_t k : {2, 30, 32, 400})
    for (const auto& [m, n] : {std::pair<int64_t, int64_t>{64, 64}, {64, 192}, {256, 128}})
      for (const bool accumulate : {false, true}) {
        const Block dy = converted(normal(Shape{k, m}, DType::f32, 1).tensor, DType::bf16);
        const Block x = converted(normal(Shape{k, n}, DType::f32, 2).tensor, DType::bf16);
        const Block before = normal(Shape{m, n}, DType::f32, 3);
        std::optional<Block> first;
        double first_squares = 0;
        for (const int threads : {1, 2, 6}) {
          cpu::Workspace workspace;
          Block c = converted(before.tensor, DType::f32);
          double squares = -1;
          cpu::walk_gradient<cpu::TileBlocks<PlainTiles<cpu::TileProduct::bf16>>>(workspace, threads,
                                                                                  {.k = k,
                                                                                   .m = m,
                                                                                   .n = n,
                                                                                   .dy = dy.tensor.as<BFloat16>(),
                                                                                   .x = x.tensor.as<BFloat16>(),
                                                                                   .c = c.tensor.as<float>(),
                                                                                   .squares = &squares,
                                                                                   .accumulate = accumulate});
          if (threads > 1) {
            EXPECT_TRUE(same_bits(first->tensor, c.tensor)) << k << " rows, " << threads << " threads";
            EXPECT_EQ(squares, first_squares);
            continue;
          }
          double wanted = 0;
          for (int64_t i = 0; i < m; ++i)
            for (int64_t j = 0; j < n; ++j) {
              double sum = accumulate ? before.at(i * n + j) : 0;
              for (int64_t p = 0; p < k; ++p) sum += dy.at(p * m + i) * x.at(p * n + j);
              ASSERT_NEAR(c.at(i * n + j), sum, 1e-4) << k << " rows: " << i << ", " << j;
              wanted += c.at(i * n + j) * c.at(i * n + j);
            }
          EXPECT_NEAR(squares, wanted, 1e-6 * wanted);
          first = std::move(c), first_squares = squares;
        }
      }
}

// kernels/packed_weight.h: where each element of a left factor stands.
TEST(PackLeftFactor, EveryElementStandsInItsPlace) {
  const int64_t k = 70, depth = 96, m = 192;
  const Block x = converted(normal(Shape{k, m}, DType::f32, 1).tensor, DType::bf16);
  std::vector<BFloat16> packed(static_cast<size_t>(depth * m));
  cpu::pack_left_factor({x.tensor.as<BFloat16>(), k, m, depth}, 0, 1, packed.data());
  cpu::pack_left_factor({x.tensor.as<BFloat16>(), k, m, depth}, 1, 3, packed.data());
  for (int64_t i = 0; i < m; ++i)
    for (int64_t p = 0; p < depth; ++p) {
      const int64_t at = ((i / 64) * (depth / 32) + p / 32) * 2048 + (i % 64) / 16 * 512 + i % 16 * 32 + p % 32;
      ASSERT_EQ(packed[static_cast<size_t>(at)].bits, p < k ? x.tensor.as<BFloat16>()[p * m + i].bits : 0)
          << i << ", " << p;
    }
}

}  // namespace
}  // namespace attune::kernels::test
#endif
