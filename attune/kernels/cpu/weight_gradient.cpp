#include "attune/kernels/cpu/weight_gradient.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/weight_gradient.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <algorithm>

#include "attune/kernels/cpu/pack-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kPairs = 16;  // of rows at a time: as long as a cache line of `a`

// Pairs [pair, pair + kPairs) of x's rows, interleaved.
void interleave_rows(const GradientFactors& f, int64_t pair) {
  const int64_t all = padded_rows(f.k) / 2, known = f.k / 2;
  for (int64_t p = pair; p < pair + kPairs; ++p) {
    const BFloat16 *upper = f.x + 2 * p * f.n, *lower = upper + f.n;
    store_pair<IntoCaches>(f.b, all, p, 0, f.n, [&](int64_t c) HWY_ATTR {
      return p < known ? word_pairs(upper + c, lower + c) : hn::Zero(Words());
    });
  }
}

// The same pairs of dy's rows as columns of a.
void transpose_rows(const GradientFactors& f, int64_t pair) {
  const int64_t all = f.k / 2, known = std::min(kPairs, all - pair);
  auto* const a = reinterpret_cast<uint32_t*>(f.a);
  HWY_ALIGN uint32_t tile[kPairs * kPairs] = {}, columns[kPairs * kPairs];
  for (int64_t c = 0; c < f.m; c += kPairs) {
    for (int64_t p = 0; p < known; ++p) {
      const BFloat16 *upper = f.dy + 2 * (pair + p) * f.m + c, *lower = upper + f.m;
      for (int64_t i = 0; i < kPairs; i += lanes())
        hn::Store(word_pairs(upper + i, lower + i), Words(), tile + p * kPairs + i);
    }
    uint32_t* const to = a + c * all + pair;
    if (known == kPairs) {
      transpose_lines<IntoCaches>(tile, kPairs, to, all);
      continue;
    }
    transpose_lines<IntoCaches>(tile, kPairs, columns, kPairs);
    for (int64_t i = 0; i < kPairs; ++i) std::copy_n(columns + i * kPairs, known, to + i * all);
  }
}

void lay_out_pairs(const GradientFactors& f, int64_t task) {
  const int64_t pair = task / 2 * kPairs;
  task % 2 == 0 ? interleave_rows(f, pair) : transpose_rows(f, pair);
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(lay_out_pairs);

void lay_out_factors(int threads, const GradientFactors& factors) {
  constexpr int64_t kRows = 32;
  parallel_chunks(threads, 2 * padded_rows(factors.k) / kRows, 1, [&](int64_t task, int64_t) {
    HWY_DYNAMIC_DISPATCH(lay_out_pairs)(factors, task);
  });
}

}  // namespace attune::kernels::cpu
#endif
