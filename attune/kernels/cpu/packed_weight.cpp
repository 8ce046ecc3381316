#include "attune/kernels/packed_weight.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/packed_weight.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <algorithm>
#include <cstring>

#include "attune/kernels/cpu/matmul_dot.h"
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

void pack_factor_rows(const Factor& x, int64_t first, int64_t last, BFloat16* to) {
  const int64_t col = first * kPackBlock, cols = last * kPackBlock - col, pairs = x.depth / 2;
  for (int64_t pair = 0; pair < x.k / 2; ++pair) {
    const BFloat16* const upper = x.from + 2 * pair * x.cols + col;
    interleave_rows<IntoCaches>(upper, upper + x.cols, to, pairs, pair, col, cols);
  }
  for (int64_t block = first; block < last; ++block)
    std::fill(to + (block * pairs + x.k / 2) * 2 * kPackBlock, to + (block + 1) * pairs * 2 * kPackBlock, BFloat16());
}

// In place: 16 pairs of rows of a block become four tiles of 16 columns.
void turn_to_tiles(uint32_t* words) {
  HWY_ALIGN uint32_t pairs[kPackRows * kPackBlock];
  std::memcpy(pairs, words, sizeof pairs);
  for (int64_t tile = 0; tile < kPackBlock / kPackRows; ++tile)
    transpose_lines<IntoCaches>(pairs + tile * kPackRows, kPackBlock, words + tile * kPackRows * kPackRows, kPackRows);
}

void pack_left_factor_rows(const Factor& x, int64_t first, int64_t last, BFloat16* to) {
  pack_factor_rows(x, first, last, to);
  const int64_t step = kPackRows * kPackBlock, block = x.depth / 2 * kPackBlock;
  auto* const words = reinterpret_cast<uint32_t*>(to);
  for (int64_t at = first * block; at < last * block; at += step) turn_to_tiles(words + at);
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(pack_weight_rows);
HWY_EXPORT(pack_factor_rows);
HWY_EXPORT(pack_left_factor_rows);

bool packs_weight(const tensor::Shape& shape) {
  return shape.rank() == 2 && shape[0] % kPackBlock == 0 && shape[1] % kPackBlock == 0 && dots_bf16();
}

void pack_weight(const tensor::Tensor& w, const tensor::PackedWeight& packed) {
  ATTUNE_CHECK(packs_weight(w.shape), "a weight {} has no packed form", w.shape.text());
  HWY_DYNAMIC_DISPATCH(pack_weight_rows)(w, packed);
}

void pack_factor(const Factor& factor, int64_t first, int64_t last, tensor::BFloat16* to) {
  HWY_DYNAMIC_DISPATCH(pack_factor_rows)(factor, first, last, to);
}

void pack_left_factor(const Factor& factor, int64_t first, int64_t last, tensor::BFloat16* to) {
  ATTUNE_CHECK(factor.depth % (2 * kPackRows) == 0, "a left factor of depth {}", factor.depth);
  HWY_DYNAMIC_DISPATCH(pack_left_factor_rows)(factor, first, last, to);
}

}  // namespace attune::kernels::cpu
#endif
