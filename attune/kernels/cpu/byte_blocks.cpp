// Bytes of a weight to blocks of packed bf16 (byte_weight.h: unpack_block).
#include "attune/kernels/cpu/byte_weight.h"

#if defined(__x86_64__)
#include <cstring>

#include "attune/kernels/cpu/dot_sums.h"

namespace attune::kernels::cpu {
namespace {

using tensor::BFloat16;
using tensor::ByteWeight;

constexpr int64_t kPairs = kPackBlock / 2;  // of rows or columns in a tile of 64 x 64 bytes
constexpr int64_t kLine = 2 * kPackBlock;   // elements of a pair of k: its 64 columns
constexpr int64_t kTileBytes = kPairs * kLine;

ATTUNE_DOT ATTUNE_INLINE __m512 scaled(const int8_t* bytes, __m512 scale) {
  const __m512i words = _mm512_cvtepi8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(words), scale);
}

// 32 elements of bf16 from as many bytes: products in f32, each rounded once.
ATTUNE_DOT ATTUNE_INLINE void widen(const int8_t* bytes, __m512 first_scale, __m512 second_scale, BFloat16* to) {
  const __m512bh both = _mm512_cvtne2ps_pbh(scaled(bytes + kLanes, second_scale), scaled(bytes, first_scale));
  _mm512_store_si512(to, (__m512i)both);
}

// B = W'^T: the bytes lie as the block does; a column has one scale.
ATTUNE_DOT void unpack_transposed(const ByteFactor& f, int64_t block, BFloat16* to) {
  const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  __m512 scale[8];
#pragma GCC unroll 8
  for (int v = 0; v < 8; ++v)
    scale[v] = _mm512_permutexvar_ps(
        twice, _mm512_castps256_ps512(_mm256_loadu_ps(f.weight->scale + block * kPackBlock + 8 * v)));
  const int8_t* from = f.weight->values + block * f.k * kPackBlock;
  for (int64_t pair = 0; pair < f.k / 2; ++pair, from += kLine, to += kLine)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) widen(from + 32 * v, scale[2 * v], scale[2 * v + 1], to + 32 * v);
}

// Four lines of words, from `row` of `from` (rows a line apart) on: line j has in its lane of 128 bits L those four
// words at `column` of row 4 L + j.
ATTUNE_DOT ATTUNE_INLINE __m512i four_words(const int8_t* from, int64_t j) {
  const auto at = [&](int64_t lane) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(from + (4 * lane + j) * kLine));
  };
  __m512i words = _mm512_castsi128_si512(at(0));
  words = _mm512_mask_broadcast_i32x4(words, 0x00f0, at(1));
  words = _mm512_mask_broadcast_i32x4(words, 0x0f00, at(2));
  return _mm512_mask_broadcast_i32x4(words, 0xf000, at(3));
}

// B = W': a tile of 64 rows (o) and 64 columns (i) of W is 32 x 32 words of 2 x 2 bytes, which lie [i / 2][o / 2] and
// within a word [o % 2][i % 2]; the block has both the other way round.
ATTUNE_DOT void unpack_tile(const int8_t* from, const float* scale, BFloat16* to) {
  const __m512i swap_in_words =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
  alignas(64) int8_t line[4][kPackBlock];
  for (int64_t column = 0; column < kPairs; column += 4)  // pairs of o
    for (int64_t half = 0; half < 2; ++half) {            // 16 pairs of i
      const int8_t* const at = from + half * kPairs / 2 * kLine + 4 * column;
      const __m512i a = four_words(at, 0), b = four_words(at, 1), c = four_words(at, 2), d = four_words(at, 3);
      const __m512i ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
      const __m512i cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
      const __m512i words[4] = {_mm512_unpacklo_epi64(ab_low, cd_low), _mm512_unpackhi_epi64(ab_low, cd_low),
                                _mm512_unpacklo_epi64(ab_high, cd_high), _mm512_unpackhi_epi64(ab_high, cd_high)};
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) _mm512_store_si512(line[i], _mm512_shuffle_epi8(words[i], swap_in_words));
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        double two_scales;
        std::memcpy(&two_scales, scale + 2 * (column + i), sizeof two_scales);
        const __m512 both = _mm512_castpd_ps(_mm512_set1_pd(two_scales));
        BFloat16* const out = to + (column + i) * kLine + half * kPackBlock;
        widen(line[i], both, both, out);
        widen(line[i] + 32, both, both, out + 32);
      }
    }
}

}  // namespace

void unpack_block(const ByteFactor& f, int64_t block, BFloat16* to) {
  if (f.transposed) return unpack_transposed(f, block, to);
  for (int64_t row = 0; row < f.k; row += kPackBlock)
    unpack_tile(f.weight->values + row * f.n + block * kTileBytes, f.weight->scale + row, to + row * kPackBlock);
}

}  // namespace attune::kernels::cpu
#endif
