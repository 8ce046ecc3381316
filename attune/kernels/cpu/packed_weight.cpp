#include "attune/kernels/packed_weight.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/packed_weight.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <algorithm>

#include "attune/kernels/cpu/matmul.h"
#include "attune/kernels/cpu/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

void pack_weight_rows(const tensor::Tensor& w, const tensor::PackedWeight& packed) {
  const int64_t in = w.cols();
  for (int64_t row = 0; row < w.rows(); row += kPackRows)
    pack_rows(row, w.rows(), in, packed, [&](BFloat16* tile, int64_t col, int64_t cols) HWY_ATTR {
      for (int64_t r = 0; r < kPackRows; ++r) {
        const float* from = w.as<float>() + (row + r) * in + col;
        for (int64_t c = 0; c < cols; c += lanes()) store(tile + r * cols + c, Whole{}, load(from + c, Whole{}));
      }
    });
}

void pack_factor_rows(const BFloat16* x, int64_t k, int64_t cols, int64_t first, int64_t last, BFloat16* factor) {
  const int64_t col = first * kPackBlock;
  for (int64_t pair = 0; pair < k / 2; ++pair) {
    const BFloat16* const upper = x + 2 * pair * cols + col;
    interleave_rows<IntoCaches>(upper, upper + cols, factor, k / 2, pair, col, last * kPackBlock - col);
  }
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(pack_weight_rows);
HWY_EXPORT(pack_factor_rows);

bool packs_weight(const tensor::Shape& shape) {
  return shape.rank() == 2 && shape[0] % kPackBlock == 0 && shape[1] % kPackBlock == 0 && multiplies_packed();
}

void pack_weight(const tensor::Tensor& w, const tensor::PackedWeight& packed) {
  ATTUNE_CHECK(packs_weight(w.shape), "a weight {} has no packed form", w.shape.text());
  HWY_DYNAMIC_DISPATCH(pack_weight_rows)(w, packed);
}

void pack_factor(const tensor::BFloat16* x, int64_t k, int64_t cols, int64_t first, int64_t last,
                 tensor::BFloat16* factor) {
  HWY_DYNAMIC_DISPATCH(pack_factor_rows)(x, k, cols, first, last, factor);
}

}  // namespace attune::kernels::cpu
#endif
