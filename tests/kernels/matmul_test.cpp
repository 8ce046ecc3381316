// The CPU's matrix products: values against f64 loops, and the contract on bits.
#include "attune/kernels/cpu/matmul.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "attune/kernels/cpu/matmul_portable.h"

namespace attune::kernels {
namespace {

using tensor::BFloat16;
using tensor::DType;
using tensor::Shape;

// A matrix that owns its elements.
struct Matrix {
  Matrix(int64_t rows, int64_t cols, DType dtype) : shape{rows, cols}, type(dtype) {
    bytes.resize(static_cast<size_t>(rows * cols) * size_of(dtype) + 1);  // never an undefined tensor
  }
  Tensor tensor() { return {.data = bytes.data(), .shape = shape, .dtype = type}; }
  Tensor rows(int64_t begin, int64_t end) { return tensor().slice_rows(begin, end); }
  double at(int64_t i) const {
    if (type == DType::f32) return reinterpret_cast<const float*>(bytes.data())[i];
    return static_cast<float>(reinterpret_cast<const BFloat16*>(bytes.data())[i]);
  }
  void set(int64_t i, float value) {
    if (type == DType::f32)
      reinterpret_cast<float*>(bytes.data())[i] = value;
    else
      reinterpret_cast<BFloat16*>(bytes.data())[i] = BFloat16(value);
  }
  Matrix& random(uint32_t seed) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (int64_t i = 0; i < shape.count(); ++i) set(i, uniform(generator));
    return *this;
  }
  Matrix& fill(float value) {
    for (int64_t i = 0; i < shape.count(); ++i) set(i, value);
    return *this;
  }

  Shape shape;
  DType type;
  std::vector<char> bytes;
};

struct ProductCase {
  int64_t m, k, n;
  DType operands = DType::f32, result = DType::f32;
  bool transpose_a = false, transpose_b = false, accumulate = false, bias = false;
};

std::string text(const ProductCase& c) {
  return fmt::format("m {} k {} n {}, {} -> {}{}{}{}{}", c.m, c.k, c.n, name(c.operands), name(c.result),
                     c.transpose_a ? ", A'" : "", c.transpose_b ? ", B'" : "", c.accumulate ? ", +=" : "",
                     c.bias ? ", bias" : "");
}

struct Operands {
  explicit Operands(const ProductCase& c)
      : a(c.transpose_a ? c.k : c.m, c.transpose_a ? c.m : c.k, c.operands),
        b(c.transpose_b ? c.n : c.k, c.transpose_b ? c.k : c.n, c.operands),
        c0(c.m, c.n, c.result),
        bias(1, c.n, DType::f32) {
    a.random(1);
    b.random(2);
    c0.random(3);
    bias.random(4);
  }
  Matrix a, b, c0, bias;
};

Matrix product(cpu::MatmulCache& cache, int threads, const ProductCase& c, Operands& o) {
  Matrix result = o.c0;
  cpu::matmul(cache, threads,
              {.a = o.a.tensor(),
               .b = o.b.tensor(),
               .c = result.tensor(),
               .bias = c.bias ? o.bias.tensor() : Tensor{},
               .transpose_a = c.transpose_a,
               .transpose_b = c.transpose_b,
               .accumulate = c.accumulate});
  return result;
}

// |got - wanted| <= the rounding of f32 sums over terms of this size, and of the result where it is bf16.
void expect_right(const ProductCase& c, const Operands& o, const Matrix& got) {
  for (int64_t i = 0; i < c.m; ++i)
    for (int64_t j = 0; j < c.n; ++j) {
      double sum = 0, size = 0;
      for (int64_t k = 0; k < c.k; ++k) {
        const double term =
            o.a.at(c.transpose_a ? k * c.m + i : i * c.k + k) * o.b.at(c.transpose_b ? j * c.k + k : k * c.n + j);
        sum += term;
        size += std::abs(term);
      }
      if (c.accumulate) sum += o.c0.at(i * c.n + j);
      if (c.bias) sum += o.bias.at(j);
      const double rounding = c.result == DType::bf16 ? std::abs(sum) / 256 : 0;
      ASSERT_NEAR(got.at(i * c.n + j), sum, 4e-7 * (size + 1) + rounding) << text(c) << " at " << i << ", " << j;
    }
}

bool same_bits(const Matrix& x, const Matrix& y) {
  return x.bytes == y.bytes;
}

std::vector<ProductCase> with_all_options(int64_t m, int64_t k, int64_t n) {
  std::vector<ProductCase> cases;
  for (const auto& [in, out] : {std::pair(DType::f32, DType::f32), std::pair(DType::bf16, DType::f32),
                                std::pair(DType::bf16, DType::bf16), std::pair(DType::f32, DType::bf16)})
    for (int bits = 0; bits < 16; ++bits) {
      const ProductCase c{m, k, n, in, out, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
      if (!(c.accumulate && c.bias)) cases.push_back(c);
    }
  return cases;
}

TEST(Matmul, ValuesOfAllOptions) {
  cpu::MatmulCache cache;
  const int64_t sizes[][3] = {{1, 1, 1},   {2, 3, 4},    {5, 32, 5},   {16, 32, 64},  {7, 33, 9},
                              {25, 64, 2}, {100, 40, 1}, {1, 384, 17}, {48, 300, 70}, {3, 1, 129}};
  for (const auto& s : sizes)
    for (const ProductCase& c : with_all_options(s[0], s[1], s[2])) {
      Operands o(c);
      expect_right(c, o, product(cache, 2, c, o));
    }
}

TEST(Matmul, LongBatchesAreSummedInBlocks) {
  cpu::MatmulCache cache;
  for (const DType in : {DType::f32, DType::bf16})
    for (const DType out : {DType::f32, DType::bf16})
      for (const bool accumulate : {false, true}) {
        const ProductCase c{9, 2500, 33, in, out, true, false, accumulate};
        Operands o(c);
        expect_right(c, o, product(cache, 2, c, o));
      }
}

// Weight gradients, of whole blocks (which bf16 makes in a way of its own) and not, with the sum of their squares:
// those of what stands in C afterwards, the same bits for any number of threads.
TEST(Matmul, WeightGradientsWithTheirSquares) {
  cpu::MatmulCache cache;
  const int64_t sizes[][3] = {{64, 2, 64}, {128, 376, 192}, {192, 2100, 64}, {64, 375, 64}, {3, 40, 64}, {64, 0, 64}};
  for (const DType in : {DType::f32, DType::bf16})
    for (const auto& s : sizes)
      for (const bool accumulate : {false, true}) {
        const ProductCase c{s[0], s[1], s[2], in, DType::f32, true, false, accumulate};
        Operands o(c);
        Matrix first = o.c0;
        double first_squares = 0;
        for (const int threads : {1, 2, 3, 6}) {
          Matrix result = o.c0;
          double squares = -1;
          cpu::matmul(cache, threads,
                      {.a = o.a.tensor(),
                       .b = o.b.tensor(),
                       .c = result.tensor(),
                       .squares = {.data = &squares, .shape = {1, 1}, .dtype = DType::f64},
                       .transpose_a = true,
                       .accumulate = accumulate});
          if (threads == 1) {
            expect_right(c, o, result);
            double wanted = 0;
            for (int64_t i = 0; i < c.m * c.n; ++i) wanted += result.at(i) * result.at(i);
            EXPECT_NEAR(squares, wanted, 1e-6 * wanted) << text(c);
            first = result, first_squares = squares;
          }
          EXPECT_TRUE(same_bits(first, result)) << text(c);
          EXPECT_EQ(first_squares, squares) << text(c);
        }
      }
}

TEST(Matmul, SumsOfNothing) {
  cpu::MatmulCache cache;
  for (const DType out : {DType::f32, DType::bf16}) {
    const ProductCase zeros{3, 0, 4, DType::bf16, out}, kept{3, 0, 4, DType::bf16, out, false, false, true},
        bias{3, 0, 4, DType::bf16, out, false, false, false, true};
    for (const ProductCase& c : {zeros, kept, bias}) {
      Operands o(c);
      expect_right(c, o, product(cache, 2, c, o));
    }
  }
  for (const ProductCase& c : {ProductCase{0, 5, 4}, ProductCase{4, 5, 0}, ProductCase{0, 0, 0}}) {
    Operands o(c);
    EXPECT_NO_THROW(product(cache, 2, c, o));
  }
}

TEST(Matmul, NanReachesItsRowOnly) {
  cpu::MatmulCache cache;
  for (const DType in : {DType::f32, DType::bf16}) {
    const ProductCase c{5, 40, 6, in};
    Operands o(c);
    o.a.set(2 * 40 + 7, std::numeric_limits<float>::quiet_NaN());
    const Matrix got = product(cache, 1, c, o);
    for (int64_t i = 0; i < 5 * 6; ++i) EXPECT_EQ(std::isnan(got.at(i)), i / 6 == 2) << i;
  }
}

TEST(Matmul, RefusesWhatDoesNotFit) {
  cpu::MatmulCache cache;
  Matrix a(2, 3, DType::f32), b(4, 5, DType::f32), c(2, 5, DType::f32), half(3, 5, DType::bf16), bias(1, 5, DType::f32);
  Matrix right(3, 5, DType::f32);
  try {
    cpu::matmul(cache, 1, {.a = a.tensor(), .b = b.tensor(), .c = c.tensor()});
    FAIL() << "a product that does not fit went through";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("the product of [2, 3] and [4, 5] into [2, 5] does not fit"), std::string::npos)
        << error.message();
  }
  EXPECT_THROW(cpu::matmul(cache, 1, {.a = a.tensor(), .b = half.tensor(), .c = c.tensor()}), Error);
  EXPECT_THROW(cpu::matmul(cache, 0, {.a = a.tensor(), .b = right.tensor(), .c = c.tensor()}), Error);
  EXPECT_THROW(
      cpu::matmul(cache, 1,
                  {.a = a.tensor(), .b = right.tensor(), .c = c.tensor(), .bias = bias.tensor(), .accumulate = true}),
      Error);
  EXPECT_THROW(cpu::matmul(cache, 1, {.a = a.tensor(), .b = right.tensor(), .c = c.tensor(), .bias = a.tensor()}),
               Error);
}

// More products than the table holds: the forgotten ones are made again and the results stay right.
TEST(Matmul, ForgetsAndMakesAgain) {
  cpu::Products products(3);
  for (int round = 0; round < 2; ++round)
    for (int64_t m = 1; m <= 5; ++m) {
      const ProductCase c{m, 8, 4};
      Operands o(c);
      const cpu::Product p{.m = m, .k = 8, .n = 4, .lda = 8, .ldb = 4};
      ASSERT_TRUE(products.supports(p));
      Matrix got = o.c0;
      products.run(p, {o.a.bytes.data(), o.b.bytes.data(), nullptr, got.bytes.data()});
      expect_right(c, o, got);
      EXPECT_LE(products.size(), 3U);
    }
}

// --- Same bits -----------------------------------------------------------------------------------------------------

struct Width {
  int64_t k, n;
};
const Width kForward[] = {{384, 2},  {384, 9},    {384, 77},   {768, 2},    {768, 77}, {3072, 9}, {384, 384},
                          {768, 96}, {384, 1536}, {1536, 384}, {3072, 768}, {9, 384},  {2, 768}};

// Multiplications that a product of these tests may take: there are many, and without vectors of 256 bits each takes
// its time.
int64_t affordable(int64_t multiplications) {
  const char* held_to = std::getenv("ATTUNE_MAX_ISA");
  return held_to && std::string_view(held_to) == "baseline" ? multiplications / 8 : multiplications;
}

// Rows [begin, begin + rows) of a batch of 4,096, alone, give the bits they have in company, for 1 to 4 threads.
void expect_rows_alone(DType in, DType out, bool transpose_b) {
  constexpr int64_t kBatch = 4096;
  cpu::MatmulCache cache;
  for (const auto& [k, n] : kForward) {
    const ProductCase all{kBatch, k, n, in, out, false, transpose_b, false, !transpose_b};
    Operands o(all);
    const Matrix company = product(cache, 2, all, o);
    const size_t row_bytes = static_cast<size_t>(n) * size_of(out);
    for (const int64_t rows : {int64_t{1}, int64_t{5}, int64_t{16}, int64_t{48}, int64_t{400}, int64_t{2048}, kBatch})
      for (int threads = 1; threads <= 4; ++threads) {
        const int64_t cost = rows * k * n;
        if (cost > affordable(2'000'000'000) || (cost > affordable(300'000'000) && threads > 2)) continue;
        const int64_t begin = (kBatch - rows) / 3;
        Matrix alone(rows, n, out);
        cpu::matmul(cache, threads,
                    {.a = o.a.rows(begin, begin + rows),
                     .b = o.b.tensor(),
                     .c = alone.tensor(),
                     .bias = all.bias ? o.bias.tensor() : Tensor{},
                     .transpose_b = transpose_b});
        ASSERT_EQ(0, std::memcmp(alone.bytes.data(), company.bytes.data() + static_cast<size_t>(begin) * row_bytes,
                                 static_cast<size_t>(rows) * row_bytes))
            << rows << " rows, " << threads << " threads, k " << k << ", n " << n << ", " << name(in) << " -> "
            << name(out);
      }
  }
}

TEST(MatmulBits, RowsAloneF32) {
  expect_rows_alone(DType::f32, DType::f32, true);
}
TEST(MatmulBits, RowsAloneF32DataGradient) {
  expect_rows_alone(DType::f32, DType::f32, false);
}
TEST(MatmulBits, RowsAloneBf16) {
  expect_rows_alone(DType::bf16, DType::bf16, true);
}
TEST(MatmulBits, RowsAloneBf16ToF32) {
  expect_rows_alone(DType::bf16, DType::f32, false);
}

TEST(MatmulBits, WeightGradientsOfAnyThreadCount) {
  cpu::MatmulCache cache;
  for (const DType in : {DType::f32, DType::bf16})
    for (const int64_t rows : {16, 400, 1024, 1040, 2048, 4096})
      for (const auto& [k, n] : kForward) {
        if (rows * k * n > affordable(1'300'000'000)) continue;
        const ProductCase c{n, rows, k, in, DType::f32, true, false, true};
        Operands o(c);
        const Matrix one = product(cache, 1, c, o);
        for (int threads = 2; threads <= 4; ++threads)
          ASSERT_TRUE(same_bits(one, product(cache, threads, c, o))) << threads << " threads, " << text(c);
      }
}

// The blocks are the ones promised: 2,048 rows are 1,024 rows and then 1,024 added.
TEST(MatmulBits, BlocksAreAddedInOrder) {
  cpu::MatmulCache cache;
  for (const DType in : {DType::f32, DType::bf16}) {
    const ProductCase whole{9, 2048, 77, in, DType::f32, true};
    Operands o(whole);
    const Matrix got = product(cache, 2, whole, o);
    Matrix steps(9, 77, DType::f32);
    for (const int64_t begin : {0, 1024})
      cpu::matmul(cache, 1,
                  {.a = o.a.rows(begin, begin + 1024),
                   .b = o.b.rows(begin, begin + 1024),
                   .c = steps.tensor(),
                   .transpose_a = true,
                   .accumulate = begin > 0});
    EXPECT_TRUE(same_bits(got, steps)) << name(in);
  }
}

// Rows of zeros that belong to no sequence leave a weight gradient as it is, up to the sign of zero.
TEST(MatmulBits, ZeroRowsAddNothing) {
  cpu::MatmulCache cache;
  const ProductCase padded{9, 32, 40, DType::bf16, DType::f32, true};
  Operands o(padded);
  for (int64_t i = 20 * 9; i < 32 * 9; ++i) o.a.set(i, 0);
  Matrix all(9, 40, DType::f32), some(9, 40, DType::f32);
  cpu::matmul(cache, 2, {.a = o.a.tensor(), .b = o.b.tensor(), .c = all.tensor(), .transpose_a = true});
  cpu::matmul(cache, 2, {.a = o.a.rows(0, 20), .b = o.b.rows(0, 20), .c = some.tensor(), .transpose_a = true});
  for (int64_t i = 0; i < 9 * 40; ++i) ASSERT_EQ(all.at(i), some.at(i)) << i;
}

// --- Without oneDNN (what processors below AVX-512 run) -------------------------------------------------------------

Matrix portable(cpu::Workspace& scratch, int threads, const ProductCase& c, Operands& o) {
  Matrix result = o.c0;
  const cpu::Product p{.m = c.m,
                       .k = c.k,
                       .n = c.n,
                       .lda = o.a.shape.cols(),
                       .ldb = o.b.shape.cols(),
                       .threads = threads,
                       .operands = c.operands,
                       .transpose_a = c.transpose_a,
                       .transpose_b = c.transpose_b,
                       .accumulate = c.accumulate,
                       .bias = c.bias};
  cpu::portable_product(scratch, p, {o.a.bytes.data(), o.b.bytes.data(), o.bias.bytes.data(), result.bytes.data()});
  return result;
}

TEST(PortableProduct, ValuesOfAllOptions) {
  cpu::Workspace scratch;
  const int64_t sizes[][3] = {{1, 1, 1},     {7, 33, 9},    {25, 300, 70}, {13, 300, 1030},
                              {970, 20, 33}, {30, 5, 1024}, {14, 900, 40}, {300, 800, 19}};
  for (const auto& s : sizes)
    for (const ProductCase& c : with_all_options(s[0], s[1], s[2])) {
      if (c.result != DType::f32) continue;
      Operands o(c);
      expect_right(c, o, portable(scratch, 2, c, o));
    }
}

TEST(PortableProduct, RowsAloneAndThreads) {
  cpu::Workspace scratch;
  for (const DType in : {DType::f32, DType::bf16})
    for (const int64_t n : {2, 9, 77, 384})
      for (const bool transpose_b : {false, true}) {
        const ProductCase c{1000, 700, n, in, DType::f32, false, transpose_b};
        Operands o(c);
        const Matrix one = portable(scratch, 1, c, o);
        for (int threads = 2; threads <= 4; ++threads) ASSERT_TRUE(same_bits(one, portable(scratch, threads, c, o)));
        for (const int64_t rows : {1, 3, 16, 25, 100, 300}) {
          ProductCase alone = c;
          alone.m = rows;
          Operands few(alone);
          const Matrix got = portable(scratch, 2, alone, few);
          EXPECT_EQ(0, std::memcmp(got.bytes.data(), one.bytes.data(), static_cast<size_t>(rows * n) * sizeof(float)))
              << rows << " rows, n " << n;
        }
      }
}

}  // namespace
}  // namespace attune::kernels
