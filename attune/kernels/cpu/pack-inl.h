// Rows of a bf16 weight to the places of its packed forms (kernels/packed_weight.h), for every Highway target.
#if defined(ATTUNE_PACK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_PACK_INL_H
#undef ATTUNE_PACK_INL_H
#else
#define ATTUNE_PACK_INL_H
#endif

#include <hwy/cache_control.h>

#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/packed_weight.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

inline constexpr int64_t kPackRows = 16;      // of W at a time: a cache line of the forward form
inline constexpr int64_t kPackColumns = 512;  // at most: a tile of 16 KB
inline constexpr int64_t kPackBlock = 64;     // columns of a packed block

// W's rows [row, row + kPackRows) and columns [col, col + cols), close together in `tile`.
struct PackTile {
  const BFloat16* tile;
  int64_t row, col, cols;  // cols a multiple of 64
  int64_t out, in;
};

// Where what is written goes: past the caches if nobody reads it soon.
struct PastCaches {
  template <class V, class D>
  static HWY_INLINE void store(V value, D d, uint32_t* to) {
    hn::Stream(value, d, to);
  }
};
struct IntoCaches {
  template <class V, class D>
  static HWY_INLINE void store(V value, D d, uint32_t* to) {
    hn::StoreU(value, d, to);
  }
};

// Words of two rows side by side: the lower half is the upper row's element.
HWY_INLINE Word word_pairs(const BFloat16* upper, const BFloat16* lower) {
  const Word first = hn::PromoteTo(Words(), hn::LoadU(Halves(), &upper->bits));
  const Word second = hn::PromoteTo(Words(), hn::LoadU(Halves(), &lower->bits));
  return hn::Or(first, hn::ShiftLeft<16>(second));
}

#if HWY_TARGET <= HWY_AVX3
// The 16 x 16 matrix of words at `from`, rows ld apart, transposed to whole cache lines, to_ld words apart.
template <class Cache>
HWY_INLINE void transpose_lines(const uint32_t* from, int64_t ld, uint32_t* to, int64_t to_ld) {
  const hn::FixedTag<uint32_t, 16> d;
  const hn::Repartition<uint64_t, decltype(d)> pairs;
  using V = hn::Vec<decltype(d)>;
  // quad[g][i]: in block b, word 4b + i of the rows 4g .. 4g + 3
  V quad[4][4];
  for (int64_t g = 0; g < 4; ++g) {
    const auto row = [&](int64_t i) HWY_ATTR { return hn::LoadU(d, from + (4 * g + i) * ld); };
    const V v0 = row(0), v1 = row(1), v2 = row(2), v3 = row(3);
    const auto a = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1)),
               b = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3)),
               e = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1)),
               f = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
    quad[g][0] = hn::BitCast(d, hn::InterleaveLower(pairs, a, b));
    quad[g][1] = hn::BitCast(d, hn::InterleaveUpper(pairs, a, b));
    quad[g][2] = hn::BitCast(d, hn::InterleaveLower(pairs, e, f));
    quad[g][3] = hn::BitCast(d, hn::InterleaveUpper(pairs, e, f));
  }
  // Then blocks of four words are transposed: those of a column come from the four groups of rows.
  for (int64_t i = 0; i < 4; ++i) {
    const auto even = [&](V x, V y) HWY_ATTR { return hn::OddEvenBlocks(hn::SwapAdjacentBlocks(y), x); };
    const auto odd = [&](V x, V y) HWY_ATTR { return hn::OddEvenBlocks(y, hn::SwapAdjacentBlocks(x)); };
    const V even01 = even(quad[0][i], quad[1][i]), odd01 = odd(quad[0][i], quad[1][i]);
    const V even23 = even(quad[2][i], quad[3][i]), odd23 = odd(quad[2][i], quad[3][i]);
    const auto line = [&](int64_t block, V value) HWY_ATTR { Cache::store(value, d, to + (4 * block + i) * to_ld); };
    line(0, hn::ConcatLowerLower(d, even23, even01));
    line(1, hn::ConcatLowerLower(d, odd23, odd01));
    line(2, hn::ConcatUpperUpper(d, even23, even01));
    line(3, hn::ConcatUpperUpper(d, odd23, odd01));
  }
}
#else
template <class Cache>
HWY_INLINE void transpose_lines(const uint32_t* from, int64_t ld, uint32_t* to, int64_t to_ld) {
  for (int64_t word = 0; word < kPackRows; ++word)
    for (int64_t row = 0; row < kPackRows; ++row) to[word * to_ld + row] = from[row * ld + word];
}
#endif

// Pairs of neighbours in a row become words, and the matrix of words is transposed. Written past the caches: nobody
// reads it before the next step.
HWY_INLINE void pack_forward(const PackTile& t, BFloat16* forward) {
  const int64_t pairs = t.in / 2, block = t.row / kPackBlock, within = t.row % kPackBlock, words = t.cols / 2;
  const auto* const from = reinterpret_cast<const uint32_t*>(t.tile);
  auto* const to = reinterpret_cast<uint32_t*>(forward) + (block * pairs + t.col / 2) * kPackBlock + within;
  for (int64_t word = 0; word < words; word += kPackRows)
    transpose_lines<PastCaches>(from + word, words, to + word * kPackBlock, kPackBlock);
}

// Two rows are interleaved.
HWY_INLINE void pack_backward(const PackTile& t, BFloat16* backward) {
  const int64_t pairs = t.out / 2;
  for (int64_t r = 0; r < kPackRows; r += 2) {
    const BFloat16 *upper = t.tile + r * t.cols, *lower = upper + t.cols;
    for (int64_t c = 0; c < t.cols; c += lanes()) {
      const int64_t column = t.col + c, at = ((column / kPackBlock) * pairs + (t.row + r) / 2) * kPackBlock;
      auto* const to = reinterpret_cast<uint32_t*>(backward) + at + column % kPackBlock;
      PastCaches::store(word_pairs(upper + c, lower + c), Words(), to);
    }
  }
}

HWY_INLINE void pack_tile(const PackTile& t, const tensor::PackedWeight& packed) {
  if (packed.forward) pack_forward(t, packed.forward);
  if (packed.backward) pack_backward(t, packed.backward);
  hwy::FlushStream();
}

// Calls make(tile, row, col, cols) for the tiles of rows [row, row + kPackRows), each of which it must fill with cols
// columns a row, and packs what it made.
template <class Make>
HWY_INLINE void pack_rows(int64_t row, int64_t out, int64_t in, const tensor::PackedWeight& packed, const Make& make) {
  HWY_ALIGN BFloat16 tile[kPackRows * kPackColumns];
  for (int64_t col = 0; col < in; col += kPackColumns) {
    const int64_t cols = std::min(kPackColumns, in - col);
    make(tile, col, cols);
    pack_tile({tile, row, col, cols, out, in}, packed);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif
