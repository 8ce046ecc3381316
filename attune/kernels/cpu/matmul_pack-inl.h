// Contract: strips of a matrix in the order in which a product reads them, f32 from f32 or bf16, for every Highway
// target.
//
//   packed[s * width + i] = from[i * item_stride + s * step_stride],   i < count, s < steps
//
// One of the strides is 1. Places of items from `count` to `width` hold some finite number or other of the strip: a
// product may run over them, and its results there are not looked at.
#if defined(ATTUNE_MATMUL_PACK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_MATMUL_PACK_INL_H
#undef ATTUNE_MATMUL_PACK_INL_H
#else
#define ATTUNE_MATMUL_PACK_INL_H
#endif

#include <algorithm>
#include <cstdint>
#include <hwy/highway.h>

#include "attune/kernels/cpu/transpose-inl.h"
#include "attune/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct Strip {
  const T* from;
  int64_t count, steps, width;  // count <= width, a multiple of 4
  int64_t item_stride, step_stride;
};

template <class T>
void pack_plainly(const Strip<T>& strip, int64_t first_step, float* packed) {
  for (int64_t s = first_step; s < strip.steps; ++s)
    for (int64_t i = 0; i < strip.width; ++i)
      packed[s * strip.width + i] =
          static_cast<float>(strip.from[std::min(i, strip.count - 1) * strip.item_stride + s * strip.step_stride]);
}

#if HWY_TARGET != HWY_SCALAR

using Quad = hn::CappedTag<float, 4>;

HWY_INLINE hn::Vec<Quad> load_quad(const float* from) {
  return hn::LoadU(Quad(), from);
}
HWY_INLINE hn::Vec<Quad> load_quad(const tensor::BFloat16* from) {
  const hn::Rebind<uint16_t, Quad> halves;
  const hn::RebindToUnsigned<Quad> words;
  return hn::BitCast(Quad(), hn::ShiftLeft<16>(hn::PromoteTo(words, hn::LoadU(halves, &from->bits))));
}

// Whole quads of items that lie side by side.
template <class T>
void pack_rows(const Strip<T>& strip, float* packed) {
  for (int64_t s = 0; s < strip.steps; ++s, packed += strip.width) {
    const T* const from = strip.from + s * strip.step_stride;
    for (int64_t i = 0; i < strip.width; i += 4) hn::StoreU(load_quad(from + i), Quad(), packed + i);
  }
}

// Four items, whose steps lie side by side, by four steps at a time.
template <class T>
void pack_four_columns(const Strip<T>& strip, int64_t item, float* packed) {
  const auto column = [&](int64_t i) { return strip.from + std::min(i, strip.count - 1) * strip.item_stride; };
  const T *const a = column(item), *const b = column(item + 1), *const c = column(item + 2),
                 *const d = column(item + 3);
  const Quad quad;
  float* to = packed + item;
  for (int64_t s = 0; s + 4 <= strip.steps; s += 4, to += 4 * strip.width) {
    const BlockColumns block(quad, load_quad(a + s), load_quad(b + s), load_quad(c + s), load_quad(d + s));
    for (int64_t i = 0; i < 4; ++i) hn::StoreU(block.column[i], quad, to + i * strip.width);
  }
}

template <class T>
void pack(const Strip<T>& strip, float* packed) {
  if (strip.item_stride == 1)
    return strip.count == strip.width ? pack_rows(strip, packed) : pack_plainly(strip, 0, packed);
  for (int64_t item = 0; item < strip.width; item += 4) pack_four_columns(strip, item, packed);
  pack_plainly(strip, strip.steps / 4 * 4, packed);
}

#else

template <class T>
void pack(const Strip<T>& strip, float* packed) {
  pack_plainly(strip, 0, packed);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif
