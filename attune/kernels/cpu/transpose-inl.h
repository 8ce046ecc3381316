// Transposing matrices of 32-bit elements, for every Highway target.
#if defined(ATTUNE_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_TRANSPOSE_INL_H
#undef ATTUNE_TRANSPOSE_INL_H
#else
#define ATTUNE_TRANSPOSE_INL_H
#endif

#include <cstdint>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// to[c][r] = from[r][c], four by four; rows up to a multiple of four are read as zeros beyond `rows`, so `to` needs
// room for that many columns. `cols` may be anything; from's rows hold cols rounded up to four.
inline void transpose(const float* from, int64_t rows, int64_t cols, int64_t ld_from, float* to, int64_t ld_to) {
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto zero = hn::Zero(d);
  for (int64_t r = 0; r < rows; r += 4) {
    const auto row = [&](int64_t i, int64_t c)
                         HWY_ATTR { return r + i < rows ? hn::LoadU(d, from + (r + i) * ld_from + c) : zero; };
    for (int64_t c = 0; c < cols; c += 4) {
      const auto v0 = row(0, c), v1 = row(1, c), v2 = row(2, c), v3 = row(3, c);
      const auto a = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1)),
                 b = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
      const auto e = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1)),
                 f = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
      const auto store = [&](int64_t i, auto value) HWY_ATTR {
        if (c + i < cols) hn::StoreU(hn::BitCast(d, value), d, to + (c + i) * ld_to + r);
      };
      store(0, hn::InterleaveLower(pairs, a, b));
      store(1, hn::InterleaveUpper(pairs, a, b));
      store(2, hn::InterleaveLower(pairs, e, f));
      store(3, hn::InterleaveUpper(pairs, e, f));
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
