// Vectors of f32 and how they come from and go to memory, f32 or bf16. Compiled once for each instruction set
// (Highway's foreach_target), hence the unusual include guard.
#if defined(ATTUNE_KERNELS_CPU_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_KERNELS_CPU_LANES_INL_H_
#undef ATTUNE_KERNELS_CPU_LANES_INL_H_
#else
#define ATTUNE_KERNELS_CPU_LANES_INL_H_
#endif

#include <cstdint>
#include <cstring>
#include <hwy/highway.h>

#include "attune/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using tensor::BFloat16;

using Floats = hn::ScalableTag<float>;
using Words = hn::RebindToUnsigned<Floats>;
using Halves = hn::Rebind<uint16_t, Floats>;
using Float = hn::Vec<Floats>;
using Word = hn::Vec<Words>;

HWY_INLINE int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(Floats()));
}

// How much of a vector counts: all of it, or its first `count` lanes (the end of a row). Loads fill the rest with
// zeros.
struct Whole {};
struct Part {
  size_t count;
};

// Calls body(i, Whole) for each whole vector of [begin, end) and body(i, Part) for what is left over.
template <class Body>
HWY_INLINE void for_lanes(int64_t begin, int64_t end, const Body& body) {
  int64_t i = begin;
  for (; i + lanes() <= end; i += lanes()) body(i, Whole{});
  if (i < end) body(i, Part{static_cast<size_t>(end - i)});
}

HWY_INLINE Float set(double value) {
  return hn::Set(Floats(), static_cast<float>(value));
}

HWY_INLINE Float widen(hn::Vec<Halves> halves) {
  return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Words(), halves)));
}

// To nearest, ties to even, NaN stays NaN: tensor::BFloat16's rounding, lane by lane.
HWY_INLINE hn::Vec<Halves> narrow(Float value) {
  const Words words;
  const Word bits = hn::BitCast(words, value);
  const Word odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1u));
  const Word rounded = hn::Add(hn::Add(bits, hn::Set(words, 0x7fffu)), odd);
  const Word quiet = hn::Or(bits, hn::Set(words, 0x400000u));
  const Word chosen = hn::IfThenElse(hn::RebindMask(words, hn::IsNaN(value)), quiet, rounded);
  return hn::DemoteTo(Halves(), hn::BitCast(hn::RebindToSigned<Words>(), hn::ShiftRight<16>(chosen)));
}

HWY_INLINE Float load(const float* from, Whole) {
  return hn::LoadU(Floats(), from);
}
HWY_INLINE Float load(const BFloat16* from, Whole) {
  return widen(hn::LoadU(Halves(), &from->bits));
}
HWY_INLINE void store(float* to, Whole, Float value) {
  hn::StoreU(value, Floats(), to);
}
HWY_INLINE void store(BFloat16* to, Whole, Float value) {
  hn::StoreU(narrow(value), Halves(), &to->bits);
}

template <class T>
HWY_INLINE Float load(const T* from, Part part) {
  HWY_ALIGN T whole[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(static_cast<void*>(whole), from, part.count * sizeof(T));
  return load(whole, Whole{});
}
template <class T>
HWY_INLINE void store(T* to, Part part, Float value) {
  HWY_ALIGN T whole[HWY_MAX_BYTES / sizeof(float)];
  store(whole, Whole{}, value);
  std::memcpy(static_cast<void*>(to), whole, part.count * sizeof(T));
}

// `value` in the lanes that count, `otherwise` in the rest.
HWY_INLINE Float select(Whole, Float value, Float) {
  return value;
}
HWY_INLINE Float select(Part part, Float value, Float otherwise) {
  return hn::IfThenElse(hn::FirstN(Floats(), part.count), value, otherwise);
}

HWY_INLINE float sum_of(Float value) {
  return hn::GetLane(hn::SumOfLanes(Floats(), value));
}

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
