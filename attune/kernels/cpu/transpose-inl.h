// Transposing matrices of 32-bit elements, for every Highway target.
#if defined(ATTUNE_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_TRANSPOSE_INL_H
#undef ATTUNE_TRANSPOSE_INL_H
#else
#define ATTUNE_TRANSPOSE_INL_H
#endif

#include <algorithm>
#include <cstdint>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
// In every block of four 32-bit lanes: column i of the matrix whose rows are v0, v1, v2, v3.
template <class D, class V = hn::Vec<D>>
struct BlockColumns {
  V column[4];

  HWY_INLINE BlockColumns(D d, V v0, V v1, V v2, V v3) {
    const hn::Repartition<uint64_t, D> pairs;
    const auto a = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1)),
               b = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3)),
               e = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1)),
               f = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
    column[0] = hn::BitCast(d, hn::InterleaveLower(pairs, a, b));
    column[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, a, b));
    column[2] = hn::BitCast(d, hn::InterleaveLower(pairs, e, f));
    column[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, e, f));
  }
};
#endif

// to[c][r] = from[r][c], four by four; rows up to a multiple of four are read as zeros beyond `rows`, so `to` needs
// room for that many columns. `cols` may be anything; from's rows hold cols rounded up to four.
inline void transpose(const float* from, int64_t rows, int64_t cols, int64_t ld_from, float* to, int64_t ld_to) {
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const auto zero = hn::Zero(d);
  for (int64_t r = 0; r < rows; r += 4) {
    const auto row = [&](int64_t i, int64_t c)
                         HWY_ATTR { return r + i < rows ? hn::LoadU(d, from + (r + i) * ld_from + c) : zero; };
    for (int64_t c = 0; c < cols; c += 4) {
      const BlockColumns block(d, row(0, c), row(1, c), row(2, c), row(3, c));
      for (int64_t i = 0; i < std::min<int64_t>(4, cols - c); ++i)
        hn::StoreU(block.column[i], d, to + (c + i) * ld_to + r);
    }
  }
#else
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) to[c * ld_to + r] = from[r * ld_from + c];
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif
