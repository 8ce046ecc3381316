#include "attune/kernels/cpu/int8_tile.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/int8_tile.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <iterator>

#include "attune/kernels/cpu/even_parts.h"
#include "attune/kernels/cpu/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

using Sums = hn::RebindToSigned<Floats>;
using Sum = hn::Vec<Sums>;
constexpr int64_t kBlock = QuantizedWeight::kBlock;

#if HWY_TARGET == HWY_SCALAR
void sum_tile(const Int8Part& t, int32_t* sums) {
  for (int64_t i = 0; i < t.rows; ++i)
    for (int64_t j = 0; j < kBlock; ++j) {
      int32_t sum = 0;
      for (int64_t k = 0; k < 4 * t.groups(); ++k)
        sum += t.a()[i * t.product.a.stride + k] * t.b()[(k / 4 * kBlock + j) * 4 + k % 4];
      sums[i * kBlock + j] = sum;
    }
}
#else
using Pairs = hn::Repartition<int16_t, Sums>;

// Without VNNI: bytes widened to 16 bits, even and odd ones apart, whose products pairs of lanes add up exactly.
template <int kRows>
HWY_INLINE void sum_columns(const Int8Part& t, int64_t column, int32_t* to) {
  const Sums d;
  const Pairs pairs;
  const uint8_t* const a = t.a();
  const int8_t* const b = t.b();
  const int64_t stride = t.product.a.stride, groups = t.groups();
  Sum sum[kRows], rest[kRows];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) sum[i] = rest[i] = hn::Zero(d);
  for (int64_t g = 0; g < groups; ++g) {
    const auto right = hn::LoadU(hn::Repartition<int8_t, Sums>(), b + (g * kBlock + column) * 4);
    const auto odd = hn::ShiftRight<8>(hn::BitCast(pairs, right));
    const auto even = hn::ShiftRight<8>(hn::ShiftLeft<8>(hn::BitCast(pairs, right)));
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      uint32_t four;
      std::memcpy(&four, a + i * stride + 4 * g, 4);
      const auto even_left = hn::BitCast(pairs, hn::Set(Words(), four & 0x00ff00ffu));
      const auto odd_left = hn::BitCast(pairs, hn::Set(Words(), (four >> 8) & 0x00ff00ffu));
      sum[i] = hn::ReorderWidenMulAccumulate(d, even_left, even, sum[i], rest[i]);
      sum[i] = hn::ReorderWidenMulAccumulate(d, odd_left, odd, sum[i], rest[i]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) hn::StoreU(hn::RearrangeToOddPlusEven(sum[i], rest[i]), d, to + i * kBlock + column);
}

template <int kRows>
HWY_INLINE void sum_rows(const Int8Part& t, int32_t* sums) {
  for (int64_t column = 0; column < kBlock; column += lanes()) sum_columns<kRows>(t, column, sums);
}

void sum_tile(const Int8Part& t, int32_t* sums) {
  switch (t.rows) {
    case 1:
      return sum_rows<1>(t, sums);
    case 2:
      return sum_rows<2>(t, sums);
    case 3:
      return sum_rows<3>(t, sums);
    case 4:
      return sum_rows<4>(t, sums);
    case 5:
      return sum_rows<5>(t, sums);
    default:
      return sum_rows<6>(t, sums);
  }
}
#endif

HWY_INLINE Float rough_gelu(Float x) {
  const Float end = set(kRoughGeluEnd), held = hn::Min(hn::Max(x, hn::Neg(end)), end), square = hn::Mul(held, held);
  Float poly = set(kRoughGelu[0]);
  for (size_t i = 1; i < std::size(kRoughGelu); ++i) poly = hn::MulAdd(poly, square, set(kRoughGelu[i]));
  const Float phi = hn::MulAdd(held, poly, set(0.5));
  return hn::Mul(x, hn::Min(hn::Max(phi, set(0)), set(1)));
}

struct Epilogue {
  const QuantizedMatmul& p;

  // The product's element at columns [col, col + lanes) of `row`, whose sum of bytes stands at `at`.
  HWY_INLINE Sum exact(int64_t row, int64_t col, const int32_t* at) const {
    const Sum shift = hn::Mul(hn::Set(Sums(), p.a.zero[row]), hn::LoadU(Sums(), p.b.sums + col));
    return hn::Sub(hn::LoadU(Sums(), at), shift);
  }
  template <bool kGelu, class Lanes>
  HWY_INLINE Float value(int64_t row, int64_t col, const int32_t* at, Lanes part) const {
    const Float scale = hn::Mul(hn::Set(Floats(), p.a.scale[row]), hn::LoadU(Floats(), p.b.scale + col));
    const Float sum = hn::ConvertTo(Floats(), exact(row, col, at));
    const Float bias = p.bias.defined() ? load(p.bias.as<float>() + col, part) : hn::Zero(Floats());
    const Float y = hn::MulAdd(sum, scale, bias);
    if constexpr (kGelu) return rough_gelu(y);
    return y;
  }
};

// Calls body(i, j, column, part) for the vectors of a tile that has `columns` columns.
template <class Body>
HWY_INLINE void for_tile(const Int8Part& t, int64_t columns, const Body& body) {
  for (int64_t i = 0; i < t.rows; ++i) for_lanes(0, columns, [&](int64_t j, auto part) HWY_ATTR { body(i, j, part); });
}

template <bool kGelu, class C>
void finish_floats(const Int8Part& t, const int32_t* sums, C* c, int64_t stride) {
  const Epilogue epilogue{t.product};
  const int64_t first = t.block * kBlock;
  for_tile(t, std::min(kBlock, t.product.n - first), [&](int64_t i, int64_t j, auto part) HWY_ATTR {
    const Float y = epilogue.value<kGelu>(t.row + i, first + j, sums + i * kBlock + j, part);
    store(c + i * stride + first + j, part, y);
  });
}

template <class C>
void finish_to(const Int8Part& t, const int32_t* sums, C* c, int64_t stride) {
  t.product.gelu ? finish_floats<true>(t, sums, c, stride) : finish_floats<false>(t, sums, c, stride);
}

void finish_sums(const Int8Part& t, const int32_t* sums) {
  const QuantizedMatmul& p = t.product;
  const int64_t first = t.block * kBlock;
  for (int64_t i = 0; i < t.rows; ++i)
    for (int64_t j = 0; j < std::min(kBlock, p.n - first); ++j)
      p.c.as<int32_t>()[(t.row + i) * p.n + first + j] =
          sums[i * kBlock + j] - p.a.zero[t.row + i] * p.b.sums[first + j];
}

void finish_tile(const Int8Part& t, const int32_t* sums) {
  const QuantizedMatmul& p = t.product;
  if (t.wide) return finish_to(t, sums, t.wide, t.wide_stride);
  if (p.c.dtype == tensor::DType::i32) return finish_sums(t, sums);
  if (p.c.dtype == tensor::DType::bf16) return finish_to(t, sums, p.c.as<BFloat16>() + t.row * p.n, p.n);
  finish_to(t, sums, p.c.as<float>() + t.row * p.n, p.n);
}

void quantize_wide(const float* x, int64_t stride, int64_t count, int64_t n, const QuantizedRows& rows, int64_t row) {
  for (int64_t i = 0; i < count; ++i) quantize_row(x + i * stride, n, rows, row + i);
}

void quantize_rows_of(const QuantizeRows& p, int64_t begin, int64_t end) {
  const int64_t n = p.x.cols();
  for (int64_t r = begin; r < end; ++r) {
    if (p.x.dtype == tensor::DType::bf16)
      quantize_row(p.x.as<BFloat16>() + r * n, n, p.rows, r);
    else
      quantize_row(p.x.as<float>() + r * n, n, p.rows, r);
  }
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

HWY_EXPORT(sum_tile);
HWY_EXPORT(finish_tile);
HWY_EXPORT(quantize_wide);
HWY_EXPORT(quantize_rows_of);

void portable_part(const Int8Part& part) {
  in_even_parts(part.rows, kInt8Rows, [&](int64_t row, int64_t rows) {
    alignas(64) int32_t sums[kInt8Rows * QuantizedWeight::kBlock];
    const Int8Part tile = part.rows_of(row, rows);
    HWY_DYNAMIC_DISPATCH(sum_tile)(tile, sums);
    finish_int8_part(tile, sums);
  });
}

}  // namespace

const Int8Path& portable_path() {
  static constexpr Int8Path kPath{"portable", 4 * kInt8Rows, kInt8Rows, portable_part};
  return kPath;
}

const Int8Path& int8_path() {
  static const Int8Path& path = amx_path() ? *amx_path() : vnni_path() ? *vnni_path() : portable_path();
  return path;
}

void finish_int8_part(const Int8Part& part, const int32_t* sums) {
  HWY_DYNAMIC_DISPATCH(finish_tile)(part, sums);
}

void quantize_wide_rows(const float* x, int64_t stride, int64_t count, int64_t n, const QuantizedRows& rows,
                        int64_t row) {
  HWY_DYNAMIC_DISPATCH(quantize_wide)(x, stride, count, n, rows, row);
}

void quantize_row_range(const QuantizeRows& p, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(quantize_rows_of)(p, begin, end);
}

}  // namespace attune::kernels::cpu
#endif
