// Products of bytes: what rows and weights become, that sums are exact on whatever instructions, and what follows them.
#include "attune/kernels/cpu/quantized.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <limits>
#include <string_view>

#include "attune/base/files.h"
#include "attune/base/rng.h"

#include "devices.h"
#include "plain_tiles.h"

namespace attune::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Bytes {
  Bytes(int64_t count, int64_t cols)
      : buffer(QuantizedRows::bytes_of(count, cols)),
        rows(QuantizedRows::in_block(static_cast<uint8_t*>(buffer.data()), count, cols)) {}
  tensor::Buffer buffer;
  QuantizedRows rows;
};

struct Weight {
  Weight(int64_t out, int64_t in)
      : buffer(QuantizedWeight::bytes_of(out, in)), bytes(QuantizedWeight::in_block(buffer.data(), out, in)) {}
  tensor::Buffer buffer;
  QuantizedWeight bytes;
};

// A product's inputs: rows of bytes with any zero point, a weight of any bytes.
struct Factors {
  Factors(int64_t m, int64_t k, int64_t n) : a(m, k), b(n, k), bias(normal(Shape{n}, DType::f32, 3)) {
    const Block x = normal(Shape{m, k}, DType::f32, 1), w = normal(Shape{n, k}, DType::f32, 2, 0.05);
    for (int64_t i = 0; i < x.tensor.count(); ++i) x.put(i, x.at(i) + 0.3);
    reference::make_kernels()->quantize_rows({.x = x.tensor, .rows = a.rows});
    quantize_weight_rows(w.tensor, 0, b.bytes);
    product = {.a = a.rows, .m = m, .k = k, .n = n, .b = b.bytes, .bias = bias.tensor};
  }
  Bytes a;
  Weight b;
  Block bias;
  QuantizedMatmul product;
};

std::vector<const cpu::Int8Path*> paths() {
  std::vector<const cpu::Int8Path*> known{&cpu::portable_path()};
  for (const cpu::Int8Path* path : {cpu::vnni_path(), cpu::amx_path(), plain_tiles_path()})
    if (path) known.push_back(path);
  return known;
}

void expect_same_rows(const QuantizedRows& got, const QuantizedRows& want, int64_t rows, const std::string& label) {
  for (int64_t r = 0; r < rows; ++r) {
    if (std::isnan(want.scale[r]))
      EXPECT_TRUE(std::isnan(got.scale[r])) << label << " row " << r;
    else
      EXPECT_EQ(got.scale[r], want.scale[r]) << label << " row " << r;
    EXPECT_EQ(got.zero[r], want.zero[r]) << label << " row " << r;
    for (int64_t c = 0; c < want.stride; ++c)
      ASSERT_EQ(got.values[r * got.stride + c], want.values[r * want.stride + c]) << label << " " << r << ", " << c;
  }
}

TEST(QuantizedRowsOnCpu, AreTheReferencesBitForBit) {
  for (const int64_t cols : {1, 3, 7, 33, 63, 64, 65, 384, 1537})
    for (const DType dtype : kElements) {
      const Block x = normal(Shape{40, cols}, dtype, 1);
      const Bytes got(40, cols), want(40, cols);
      cpu::make_kernels(2)->quantize_rows({.x = x.tensor, .rows = got.rows});
      reference::make_kernels()->quantize_rows({.x = x.tensor, .rows = want.rows});
      expect_same_rows(got.rows, want.rows, 40, fmt::format("{} {}", cols, name(dtype)));
    }
}

TEST(QuantizedRowsOnCpu, AreNearWhatTheyStandFor) {
  const int64_t cols = 100;
  const Block x = normal(Shape{50, cols}, DType::f32, 4);
  const Bytes bytes(50, cols);
  cpu::make_kernels(1)->quantize_rows({.x = x.tensor, .rows = bytes.rows});
  const QuantizedRows& q = bytes.rows;
  for (int64_t r = 0; r < 50; ++r) {
    EXPECT_GT(q.zero[r], 0);
    for (int64_t c = 0; c < cols; ++c) {
      const float stands_for = q.scale[r] * static_cast<float>(q.values[r * q.stride + c] - q.zero[r]);
      EXPECT_NEAR(stands_for, x.at(r * cols + c), q.scale[r] * 1.0001f);
    }
  }
}

// Rows of zeros, of one sign, of numbers at the ends of f32; rows with what is no number, which poison no other row.
TEST(QuantizedRowsOnCpu, OddRows) {
  const int64_t cols = 70;
  const std::vector<std::vector<float>> fills{
      {0}, {-0.0f}, {3}, {-2}, {1e-40f}, {3e38f, -3e38f}, {1e-20f}, {kInfinity}, {-kInfinity}, {1, kNan, 2}, {5, -5}};
  const auto rows = std::ssize(fills);
  const Block x(Shape{rows, cols}, DType::f32);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) x.put(r * cols + c, fills[r][static_cast<size_t>(c) % fills[r].size()]);
  const Bytes got(rows, cols), want(rows, cols);
  cpu::make_kernels(2)->quantize_rows({.x = x.tensor, .rows = got.rows});
  reference::make_kernels()->quantize_rows({.x = x.tensor, .rows = want.rows});
  expect_same_rows(got.rows, want.rows, rows, "odd");
  for (const int64_t r : {0, 1, 4}) EXPECT_EQ(got.rows.scale[r], 0.0f) << r;
  for (const int64_t r : {7, 8, 9}) EXPECT_TRUE(std::isnan(got.rows.scale[r])) << r;
  for (const int64_t r : {2, 3, 5, 6, 10}) EXPECT_GT(got.rows.scale[r], 0.0f) << r;
  EXPECT_TRUE(std::isfinite(got.rows.scale[5]));
  EXPECT_EQ(got.rows.zero[2], 0);
  EXPECT_EQ(got.rows.zero[3], 255);
}

TEST(QuantizedWeight, EveryElementStandsInItsPlace) {
  for (const auto& [out, in] : {std::pair{int64_t{3}, int64_t{5}}, {64, 64}, {130, 70}}) {
    const Block w = normal(Shape{out, in}, DType::f32, 5);
    for (int64_t i = 0; i < in; ++i) w.put((out - 1) * in + i, 0);  // a row of nothing
    const Weight whole(out, in), parts(out, in);
    quantize_weight_rows(w.tensor, 0, whole.bytes);
    quantize_weight_rows(w.tensor.slice_rows(0, out / 2), 0, parts.bytes);
    quantize_weight_rows(w.tensor.slice_rows(out / 2, out), out / 2, parts.bytes);
    EXPECT_EQ(0, std::memcmp(whole.buffer.data(), parts.buffer.data(), whole.buffer.bytes()));
    EXPECT_EQ(whole.bytes.scale[out - 1], 0.0f);
    for (int64_t o = 0; o < out; ++o) {
      int32_t sum = 0;
      for (int64_t i = 0; i < in; ++i) {
        const int8_t q = whole.bytes.values[((o / 64) * ((in + 3) / 4) + i / 4) * 256 + (o % 64) * 4 + i % 4];
        EXPECT_NEAR(static_cast<double>(q * whole.bytes.scale[o]), w.at(o * in + i), whole.bytes.scale[o] * 0.5001);
        sum += q;
      }
      EXPECT_EQ(whole.bytes.sums[o], sum);
    }
  }
}

TEST(QuantizedMatmulOnCpu, SumsAreExactOnAnyInstructions) {
  cpu::Workspace workspace;
  for (const int64_t m : {1, 5, 6, 7, 25, 37})
    for (const int64_t k : {1, 3, 4, 5, 63, 64, 65, 384, 1537})
      for (const int64_t n : {1, 15, 17, 64, 65, 130}) {
        Factors factors(m, k, n);
        const Block want(Shape{m, n}, DType::i32);
        factors.product.c = want.tensor;
        reference::make_kernels()->quantized_matmul(factors.product);
        for (const cpu::Int8Path* path : paths())
          for (const int threads : {1, 3}) {
            const Block got(Shape{m, n}, DType::i32);
            factors.product.c = got.tensor;
            cpu::quantized_matmul(workspace, threads, factors.product, *path);
            ASSERT_TRUE(same_bits(got.tensor, want.tensor))
                << path->instructions << " " << m << " x " << k << " x " << n << ", " << threads;
          }
      }
}

// The largest bytes over the largest depth: nothing saturates, in 16 bits or in 32.
TEST(QuantizedMatmulOnCpu, NothingSaturates) {
  const int64_t k = QuantizedMatmul::kMostDepth;
  const Bytes a(2, k);
  const Weight b(2, k);
  std::fill_n(a.rows.values, 2 * k, uint8_t{255});
  for (int64_t i = 0; i < k; ++i)
    for (int64_t o = 0; o < 2; ++o) b.bytes.values[i / 4 * 256 + o * 4 + i % 4] = o == 0 ? int8_t{127} : int8_t{-127};
  cpu::Workspace workspace;
  for (const cpu::Int8Path* path : paths()) {
    const Block c(Shape{2, 2}, DType::i32);
    cpu::quantized_matmul(workspace, 1, {.a = a.rows, .m = 2, .k = k, .n = 2, .b = b.bytes, .c = c.tensor}, *path);
    for (const int64_t i : {0, 2}) EXPECT_EQ(c.at(i), 255.0 * 127 * static_cast<double>(k)) << path->instructions;
    for (const int64_t i : {1, 3}) EXPECT_EQ(c.at(i), -255.0 * 127 * static_cast<double>(k)) << path->instructions;
  }
}

TEST(QuantizedMatmulOnCpu, WhatFollowsTheSums) {
  cpu::Workspace workspace;
  for (const auto& [m, k, n] :
       {std::array<int64_t, 3>{1, 5, 7}, {25, 384, 130}, {37, 65, 64}, {50, 1536, 384}, {7, 32768, 5}, {7, 40000, 5}})
    for (const bool gelu : {false, true})
      for (const bool bias : {false, true})
        for (const DType dtype : kElements) {
          if (gelu && dtype == DType::bf16) continue;
          Factors factors(m, k, n);
          QuantizedMatmul& p = factors.product;
          p.gelu = gelu;
          if (!bias) p.bias = {};
          const Block want(Shape{m, n}, DType::f64);
          p.c = want.tensor;
          reference::make_kernels()->quantized_matmul(p);
          Tolerance near = tolerance(dtype, Kind::row_sum);
          if (gelu) near.absolute += QuantizedMatmul::kGeluError;
          for (const cpu::Int8Path* path : paths()) {
            const Block got(Shape{m, n}, dtype), again(Shape{m, n}, dtype);
            p.c = got.tensor;
            cpu::quantized_matmul(workspace, 1, p, *path);
            expect_near(got, want, near, path->instructions);
            p.c = again.tensor;
            for (const int threads : {2, 3, 4}) {
              cpu::quantized_matmul(workspace, threads, p, *path);
              EXPECT_TRUE(same_bits(got.tensor, again.tensor)) << path->instructions << " " << threads;
            }
          }
        }
}

TEST(QuantizedMatmulOnCpu, BytesAreThoseOfTheWideResult) {
  cpu::Workspace workspace;
  for (const auto& [m, n] : {std::pair{int64_t{1}, int64_t{7}}, {25, 1536}, {100, 130}})
    for (const cpu::Int8Path* path : paths())
      for (const int threads : {1, 2, 3}) {
        Factors factors(m, 64, n);
        QuantizedMatmul p = factors.product;
        p.gelu = true;
        const Block wide(Shape{m, n}, DType::f32);
        const Bytes want(m, n), got(m, n);
        p.c = wide.tensor;
        cpu::quantized_matmul(workspace, threads, p, *path);
        cpu::quantize_rows(threads, {.x = wide.tensor, .rows = want.rows});
        p.c = {}, p.rows = got.rows;
        cpu::quantized_matmul(workspace, threads, p, *path);
        expect_same_rows(got.rows, want.rows, m, path->instructions);
      }
}

TEST(QuantizedMatmulOnCpu, ARowAloneAndInCompany) {
  cpu::Workspace workspace;
  const int64_t m = 37, k = 384, n = 192;
  Factors factors(m, k, n);
  for (const cpu::Int8Path* path : paths()) {
    const Block all(Shape{m, n}, DType::bf16), one(Shape{1, n}, DType::bf16);
    QuantizedMatmul p = factors.product;
    p.c = all.tensor;
    cpu::quantized_matmul(workspace, 2, p, *path);
    for (int64_t r = 0; r < m; ++r) {
      QuantizedMatmul alone = factors.product;
      alone.m = 1, alone.c = one.tensor;
      alone.a.values += r * alone.a.stride, alone.a.scale += r, alone.a.zero += r;
      cpu::quantized_matmul(workspace, 1, alone, *path);
      EXPECT_TRUE(same_bits(all.tensor.slice_rows(r, r + 1), one.tensor)) << path->instructions << " row " << r;
    }
  }
}

TEST(QuantizedMatmulOnCpu, WhatIsNoNumberGoesThroughItsRowAlone) {
  cpu::Workspace workspace;
  for (const cpu::Int8Path* path : paths()) {
    Factors factors(5, 20, 70);
    factors.a.rows.scale[2] = kNan;
    for (const DType dtype : kElements) {
      const Block c(Shape{5, 70}, dtype);
      factors.product.c = c.tensor;
      cpu::quantized_matmul(workspace, 1, factors.product, *path);
      for (int64_t i = 0; i < 5 * 70; ++i) EXPECT_EQ(std::isnan(c.at(i)), i / 70 == 2) << path->instructions;
    }
    const Bytes rows(5, 70);
    factors.product.c = {}, factors.product.rows = rows.rows, factors.product.gelu = true;
    cpu::quantized_matmul(workspace, 1, factors.product, *path);
    for (int64_t r = 0; r < 5; ++r) EXPECT_EQ(std::isnan(rows.rows.scale[r]), r == 2) << path->instructions;
  }
}

TEST(QuantizedMatmulOnCpu, NothingToDo) {
  cpu::Workspace workspace;
  Factors factors(1, 4, 3);
  const Block c(Shape{0, 3}, DType::f32);
  factors.product.m = 0, factors.product.c = c.tensor;
  cpu::quantized_matmul(workspace, 2, factors.product);
}

// Products really run on AMX, else VNNI, where the processor says that it has it and nobody forbade it.
TEST(Int8Instructions, AreTheProcessorsBest) {
  const char* const told = std::getenv("ATTUNE_MAX_ISA");
  const std::string_view limit = told ? told : "";
  if (!fs::exists("/proc/cpuinfo")) GTEST_SKIP() << "the system does not say what the processor has";
  const std::string cpuinfo = read_file("/proc/cpuinfo");
  const bool has = cpuinfo.find(" avx512_vnni") != std::string::npos, may = limit != "avx2" && limit != "baseline";
  const bool tiles = cpuinfo.find(" amx_int8") != std::string::npos && (limit.empty() || limit == "amx");
  EXPECT_STREQ(cpu::int8_instructions(), !has || !may ? "portable" : tiles ? "amx_int8" : "avx512_vnni");
  if (!has || !may) {
    EXPECT_EQ(&cpu::int8_path(), &cpu::portable_path());
    return;
  }
  ASSERT_NE(cpu::vnni_path(), nullptr);
  EXPECT_EQ(&cpu::int8_path(), tiles ? cpu::amx_path() : cpu::vnni_path());

  // And a product is made of nothing but its path's parts.
  static int64_t rows = 0;
  const cpu::Int8Path counted{"counted", 24, 6, [](const cpu::Int8Part& part) {
                                rows += part.rows;
                                cpu::int8_path().make(part);
                              }};
  Factors factors(100, 384, 384);
  const Block c(Shape{100, 384}, DType::f32), want(Shape{100, 384}, DType::f32);
  factors.product.c = c.tensor;
  cpu::Workspace workspace;
  cpu::quantized_matmul(workspace, 1, factors.product, counted);
  EXPECT_EQ(rows, 100 * 384 / 64);
  factors.product.c = want.tensor;
  cpu::make_kernels(1)->quantized_matmul(factors.product);
  EXPECT_TRUE(same_bits(c.tensor, want.tensor));
}

TEST(LayerNormOnCpu, BytesAreThoseOfItsResult) {
  const auto kernels = cpu::make_kernels(2);
  for (const int64_t cols : {33, 384}) {
    const Block x = normal(Shape{20, cols}, DType::bf16, 1), residual = normal(Shape{20, cols}, DType::f32, 2);
    const Block gamma = normal(Shape{cols}, DType::f32, 3), beta = normal(Shape{cols}, DType::f32, 4);
    const Block y(Shape{20, cols}, DType::f32), mean(Shape{20}, DType::f32), rstd(Shape{20}, DType::f32);
    const Bytes got(20, cols), want(20, cols);
    LayerNorm norm{};
    norm.x = x.tensor, norm.residual = residual.tensor, norm.gamma = gamma.tensor, norm.beta = beta.tensor;
    norm.y = y.tensor, norm.mean = mean.tensor, norm.rstd = rstd.tensor, norm.bytes = got.rows;
    kernels->layer_norm(norm);
    kernels->quantize_rows({.x = y.tensor, .rows = want.rows});
    expect_same_rows(got.rows, want.rows, 20, std::to_string(cols));
  }
}

TEST(EmbeddingOnCpu, TablesOfBytes) {
  for (const int64_t cols : {7, 384}) {
    const Block words = normal(Shape{50, cols}, DType::f32, 1), places = normal(Shape{9, cols}, DType::f32, 2);
    const tensor::Buffer buffer(tensor::quantized_table_bytes(50, cols));
    const Tensor table = {.data = buffer.data(), .shape = {50, cols}, .dtype = DType::i8};
    quantize_table_rows(words.tensor.slice_rows(0, 20), 0, table);
    quantize_table_rows(words.tensor.slice_rows(20, 50), 20, table);
    const std::vector<int32_t> word{3, 49, 0, 3, 21}, place{0, 1, 2, 8, 8};
    const Block got(Shape{5, cols}, DType::f32), want(Shape{5, cols}, DType::f32);
    EmbeddingSum sum{
        .tables = 2, .table = {table, places.tensor}, .index = {word.data(), place.data()}, .y = got.tensor};
    cpu::make_kernels(2)->embedding_sum(sum);
    sum.y = want.tensor;
    reference::make_kernels()->embedding_sum(sum);
    EXPECT_TRUE(same_bits(got.tensor, want.tensor)) << cols;
    for (int64_t r = 0; r < 5; ++r) {
      const auto scale = static_cast<double>(tensor::quantized_table_scales(table)[word[static_cast<size_t>(r)]]);
      for (int64_t c = 0; c < cols; ++c)
        EXPECT_NEAR(
            got.at(r * cols + c),
            words.at(word[static_cast<size_t>(r)] * cols + c) + places.at(place[static_cast<size_t>(r)] * cols + c),
            scale * 0.51);
    }
  }
}

}  // namespace
}  // namespace attune::kernels::test
