// Tiles on AVX-512 VNNI (VPDPBUSD: four products of u8 and s8, added to an s32 without saturation).
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/int8_tile.h"
#include "attune/kernels/cpu/matmul_dot.h"
#include "attune/kernels/cpu/matmul_products.h"

#if defined(__x86_64__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 about its own intrinsics' undefined lanes (bug 105593)
#include <immintrin.h>

// (bf16's rounding is used only where dots_bf16().)
#define ATTUNE_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16")))
#define ATTUNE_INLINE inline __attribute__((always_inline))

namespace attune::kernels::cpu {
namespace {

using tensor::DType;

// 24 sums, 4 vectors of B and one element of A fill 29 of 32 registers.
constexpr int kVectors = 4;
constexpr int64_t kLanes = 16;

template <int kRows>
struct Int8Sums {
  __m512i of[kRows][kVectors];
};

// In assembly, because GCC 12 moves the intrinsic's sums from register to register and to memory in the innermost loop,
// which halves its speed.
ATTUNE_VNNI ATTUNE_INLINE void add_products(__m512i& sum, __m512i left, __m512i right) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(left), "v"(right));
}

template <int kRows>
ATTUNE_VNNI ATTUNE_INLINE void add_up(const Int8Tile& t, Int8Sums<kRows>& sums) {
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums.of[i][j] = _mm512_setzero_si512();
  const auto* a = reinterpret_cast<const int32_t*>(t.a());
  const int64_t lda = t.product.a.stride / 4, groups = t.groups();
  const int8_t* b = t.b();
  for (int64_t g = 0; g < groups; ++g, ++a, b += Int8Tile::kGroupBytes) {
    __m512i right[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) right[j] = _mm512_loadu_si512(b + 64 * j);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const __m512i left = _mm512_set1_epi32(a[i * lda]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) add_products(sums.of[i][j], left, right[j]);
    }
  }
}

// sum - zero * s, s the columns' sums of weights, without VPMULLD's two steps: as a dot product of 16-bit pairs,
// s = 128 h + l times (-128 zero, -zero). That h fits for kShiftDepth.
constexpr int64_t kShiftDepth = 32768;

ATTUNE_VNNI ATTUNE_INLINE __m512i pairs_of(__m512i s) {
  return _mm512_or_si512(_mm512_slli_epi32(_mm512_srai_epi32(s, 7), 16), _mm512_and_si512(s, _mm512_set1_epi32(127)));
}
inline int32_t pair_of_zero(int32_t zero) {
  return static_cast<int32_t>(static_cast<uint32_t>(-128 * zero) << 16 | (static_cast<uint32_t>(-zero) & 0xffffu));
}

ATTUNE_VNNI ATTUNE_INLINE __m512 rough_gelu(__m512 x) {
  const __m512 end = _mm512_set1_ps(kRoughGeluEnd), begin = _mm512_set1_ps(-kRoughGeluEnd);
  const __m512 held = _mm512_min_ps(_mm512_max_ps(x, begin), end), square = _mm512_mul_ps(held, held);
  __m512 poly = _mm512_set1_ps(kRoughGelu[0]);
#pragma GCC unroll 8
  for (int i = 1; i < 7; ++i) poly = _mm512_fmadd_ps(poly, square, _mm512_set1_ps(kRoughGelu[i]));
  const __m512 phi = _mm512_fmadd_ps(held, poly, _mm512_set1_ps(0.5f));
  return _mm512_mul_ps(x, _mm512_min_ps(_mm512_max_ps(phi, _mm512_setzero_ps()), _mm512_set1_ps(1)));
}

// What a tile's results become on their way from the registers; Raw: nothing, the sums go to an array.
enum class Finish { raw, f32, f32_gelu, bf16 };

// The rows' results in vector j of the block's columns.
template <int j, int kRows, Finish kFinish>
ATTUNE_VNNI ATTUNE_INLINE void finish_vector(const Int8Tile& t, const Int8Sums<kRows>& sums, int32_t* raw) {
  if constexpr (kFinish == Finish::raw) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) _mm512_storeu_si512(raw + QuantizedWeight::kBlock * i + kLanes * j, sums.of[i][j]);
    return;
  }
  const QuantizedMatmul& p = t.product;
  const int64_t col = t.block * QuantizedWeight::kBlock + kLanes * j;
  const int64_t left = p.n - col;
  const auto mask = static_cast<__mmask16>(left >= kLanes ? 0xffff : left > 0 ? (1 << left) - 1 : 0);
  const __m512i column_sums = pairs_of(_mm512_loadu_si512(p.b.sums + col));
  const __m512 scales = _mm512_loadu_ps(p.b.scale + col);
  const __m512 bias = p.bias.defined() ? _mm512_maskz_loadu_ps(mask, static_cast<const float*>(p.bias.data) + col)
                                       : _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
    const int64_t row = t.row + i;
    const __m512i zero = _mm512_set1_epi32(pair_of_zero(p.a.zero[row]));
    const __m512 sum = _mm512_cvtepi32_ps(_mm512_dpwssd_epi32(sums.of[i][j], zero, column_sums));
    __m512 y = _mm512_fmadd_ps(sum, _mm512_mul_ps(_mm512_set1_ps(p.a.scale[row]), scales), bias);
    if constexpr (kFinish == Finish::f32_gelu) y = rough_gelu(y);
    if constexpr (kFinish == Finish::bf16) {
      auto* const to = static_cast<tensor::BFloat16*>(p.c.data) + row * p.n + col;
      _mm256_mask_storeu_epi16(to, mask, (__m256i)_mm512_cvtneps_pbh(y));
    } else {
      float* const to = t.wide ? t.wide + i * t.wide_stride : static_cast<float*>(p.c.data) + row * p.n;
      _mm512_mask_storeu_ps(to + col, mask, y);
    }
  }
}

template <int kRows, Finish kFinish>
ATTUNE_VNNI void make_tile(const Int8Tile& t, int32_t* raw) {
  Int8Sums<kRows> sums;
  add_up(t, sums);
  finish_vector<0, kRows, kFinish>(t, sums, raw);
  finish_vector<1, kRows, kFinish>(t, sums, raw);
  finish_vector<2, kRows, kFinish>(t, sums, raw);
  finish_vector<3, kRows, kFinish>(t, sums, raw);
}

template <Finish kFinish>
void make_tile_of(const Int8Tile& t, int32_t* raw) {
  switch (t.rows) {
    case 1:
      return make_tile<1, kFinish>(t, raw);
    case 2:
      return make_tile<2, kFinish>(t, raw);
    case 3:
      return make_tile<3, kFinish>(t, raw);
    case 4:
      return make_tile<4, kFinish>(t, raw);
    case 5:
      return make_tile<5, kFinish>(t, raw);
    default:
      return make_tile<6, kFinish>(t, raw);
  }
}

void vnni_tile(const Int8Tile& t) {
  const DType type = t.wide ? DType::f32 : t.product.c.dtype;
  const bool fits = t.product.k <= kShiftDepth;
  if (type == DType::f32 && fits)
    return t.product.gelu ? make_tile_of<Finish::f32_gelu>(t, nullptr) : make_tile_of<Finish::f32>(t, nullptr);
  if (type == DType::bf16 && fits && dots_bf16()) return make_tile_of<Finish::bf16>(t, nullptr);
  alignas(64) int32_t sums[kInt8Rows * QuantizedWeight::kBlock];
  make_tile_of<Finish::raw>(t, sums);
  finish_int8_tile(t, sums);
}

}  // namespace

const Int8Path* vnni_path() {
  static const bool known = [] {
    limit_instructions();
    return onednn_has_vnni() && __builtin_cpu_supports("avx512vnni");
  }();
  static constexpr Int8Path kPath{"avx512_vnni", vnni_tile};
  return known ? &kPath : nullptr;
}

}  // namespace attune::kernels::cpu
#pragma GCC diagnostic pop
#else

namespace attune::kernels::cpu {

const Int8Path* vnni_path() {
  return nullptr;
}

}  // namespace attune::kernels::cpu
#endif
