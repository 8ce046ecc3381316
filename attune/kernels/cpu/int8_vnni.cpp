// Tiles on AVX-512 VNNI (VPDPBUSD: four products of u8 and s8, added to an s32 without saturation).
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/int8_tile.h"
#include "attune/kernels/cpu/matmul_products.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/even_parts.h"
#include "attune/kernels/cpu/int8_finish.h"

namespace attune::kernels::cpu {
namespace {

// 24 sums, 4 vectors of B and one element of A fill 29 of 32 registers.
constexpr int kVectors = 4;

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
ATTUNE_VNNI ATTUNE_INLINE void add_up(const Int8Part& t, Int8Sums<kRows>& sums) {
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums.of[i][j] = _mm512_setzero_si512();
  const auto* a = reinterpret_cast<const int32_t*>(t.a());
  const int64_t lda = t.product.a.stride / 4, groups = t.groups();
  const int8_t* b = t.b();
  for (int64_t g = 0; g < groups; ++g, ++a, b += Int8Part::kGroupBytes) {
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

// The rows' results in vector j of the block's columns.
template <int j, int kRows, Finish kFinish>
ATTUNE_VNNI ATTUNE_INLINE void finish_vector(const Int8Part& t, const Int8Sums<kRows>& sums, int32_t* raw) {
  if constexpr (kFinish == Finish::raw) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) _mm512_storeu_si512(raw + QuantizedWeight::kBlock * i + kLanes * j, sums.of[i][j]);
    return;
  } else {
    const Int8Columns columns = columns_at(t.product, t.block * QuantizedWeight::kBlock + kLanes * j);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) finish_sums<kFinish>(t, columns, i, sums.of[i][j]);
  }
}

template <int kRows, Finish kFinish>
ATTUNE_VNNI void make_tile(const Int8Part& t, int32_t* raw) {
  Int8Sums<kRows> sums;
  add_up(t, sums);
  finish_vector<0, kRows, kFinish>(t, sums, raw);
  finish_vector<1, kRows, kFinish>(t, sums, raw);
  finish_vector<2, kRows, kFinish>(t, sums, raw);
  finish_vector<3, kRows, kFinish>(t, sums, raw);
}

template <Finish kFinish>
void make_tile_of(const Int8Part& t, int32_t* raw) {
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

void vnni_tile(const Int8Part& t) {
  switch (finish_of(t)) {
    case Finish::f32:
      return make_tile_of<Finish::f32>(t, nullptr);
    case Finish::f32_gelu:
      return make_tile_of<Finish::f32_gelu>(t, nullptr);
    case Finish::bf16:
      return make_tile_of<Finish::bf16>(t, nullptr);
    case Finish::raw:
      break;
  }
  alignas(64) int32_t sums[kInt8Rows * QuantizedWeight::kBlock];
  make_tile_of<Finish::raw>(t, sums);
  finish_int8_part(t, sums);
}

void vnni_part(const Int8Part& part) {
  in_even_parts(part.rows, kInt8Rows, [&](int64_t row, int64_t rows) { vnni_tile(part.rows_of(row, rows)); });
}

}  // namespace

const Int8Path* vnni_path() {
  static const bool known = [] {
    limit_instructions();
    return onednn_has_vnni() && __builtin_cpu_supports("avx512vnni");
  }();
  static constexpr Int8Path kPath{"avx512_vnni", 4 * kInt8Rows, kInt8Rows, vnni_part};
  return known ? &kPath : nullptr;
}

}  // namespace attune::kernels::cpu
#else

namespace attune::kernels::cpu {

const Int8Path* vnni_path() {
  return nullptr;
}

}  // namespace attune::kernels::cpu
#endif
