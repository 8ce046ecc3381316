// Rows of a bf16 weight to the places of its packed forms (kernels/packed_weight.h), for every Highway target.
#if defined(ATTUNE_PACK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_PACK_INL_H
#undef ATTUNE_PACK_INL_H
#else
#define ATTUNE_PACK_INL_H
#endif

#include <hwy/cache_control.h>

#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/transpose-inl.h"
#include "attune/kernels/packed_weight.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

inline constexpr int64_t kPackColumns = 512;  // at most: a tile of 16 KB

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

// Words of two rows: the lower half of each is the upper row's element.
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
  using V = hn::Vec<decltype(d)>;
  // Of the rows 4g .. 4g + 3: column[i] has, in block b, word 4b + i of each.
  const auto rows = [&](int64_t g) HWY_ATTR {
    const auto row = [&](int64_t i) HWY_ATTR { return hn::LoadU(d, from + (4 * g + i) * ld); };
    return BlockColumns(d, row(0), row(1), row(2), row(3));
  };
  const auto first = rows(0), second = rows(1), third = rows(2), fourth = rows(3);
  // Then blocks of four words are transposed: those of a column come from the four groups of rows.
  for (int64_t i = 0; i < 4; ++i) {
    const auto even = [&](V x, V y) HWY_ATTR { return hn::OddEvenBlocks(hn::SwapAdjacentBlocks(y), x); };
    const auto odd = [&](V x, V y) HWY_ATTR { return hn::OddEvenBlocks(y, hn::SwapAdjacentBlocks(x)); };
    const V even01 = even(first.column[i], second.column[i]), odd01 = odd(first.column[i], second.column[i]);
    const V even23 = even(third.column[i], fourth.column[i]), odd23 = odd(third.column[i], fourth.column[i]);
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

// Pair `pair` of the `pairs` of rows of a packed factor, columns [col, col + cols): those of its two rows from `upper`
// and `lower` on.
template <class Cache>
HWY_INLINE void interleave_rows(const BFloat16* upper, const BFloat16* lower, BFloat16* factor, int64_t pairs,
                                int64_t pair, int64_t col, int64_t cols) {
  for (int64_t c = 0; c < cols; c += lanes()) {
    const int64_t column = col + c, at = ((column / kPackBlock) * pairs + pair) * kPackBlock + column % kPackBlock;
    Cache::store(word_pairs(upper + c, lower + c), Words(), reinterpret_cast<uint32_t*>(factor) + at);
  }
}

HWY_INLINE void pack_backward(const PackTile& t, BFloat16* backward) {
  for (int64_t r = 0; r < kPackRows; r += 2) {
    const BFloat16* const upper = t.tile + r * t.cols;
    interleave_rows<PastCaches>(upper, upper + t.cols, backward, t.out / 2, (t.row + r) / 2, t.col, t.cols);
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
