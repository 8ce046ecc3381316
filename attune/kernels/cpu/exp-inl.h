// The exponential in f32 lanes. (Rarer functions, such as tanh and log1p, are Highway's own, brought along.)
#if defined(ATTUNE_KERNELS_CPU_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_KERNELS_CPU_EXP_INL_H_
#undef ATTUNE_KERNELS_CPU_EXP_INL_H_
#else
#define ATTUNE_KERNELS_CPU_EXP_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>

#include "attune/kernels/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

// exp(x) for -87 <= x <= 88, within 1.5 units of the last digit; elsewhere, and for NaN, the result is meaningless.
// x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 q(r) with q of degree 4 (tools/fit_kernels.py: relative
// error 3.1e-9).
HWY_INLINE Float exp_in_range(Float x) {
  const Floats f;
  const hn::RebindToSigned<Floats> integers;
  // A number this large has no binary places left: adding it rounds to an integer and leaves n in the lowest bits.
  const Float rounder = set(0x1.8p23);
  const Float shifted = hn::MulAdd(x, set(1.4426950408889634), rounder);
  const Float whole = hn::Sub(shifted, rounder);
  // ln 2 in two parts, the first with few enough digits that its product with n is exact.
  const Float r = hn::NegMulAdd(whole, set(-2.12194440054690583e-4), hn::NegMulAdd(whole, set(0.693359375), x));
  Float q = set(0.001381459878757596);
  q = hn::MulAdd(q, r, set(0.008368716575205326));
  q = hn::MulAdd(q, r, set(0.04166838899254799));
  q = hn::MulAdd(q, r, set(0.1666652113199234));
  q = hn::MulAdd(q, r, set(0.4999999403953552));
  const Float near_one = hn::Add(set(1), hn::MulAdd(hn::Mul(r, r), q, r));
  // Times 2^n by adding n to the exponent's bits.
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(integers, shifted));
  return hn::BitCast(f, hn::Add(hn::BitCast(integers, near_one), exponent));
}

// exp(x) for x <= 0; 0 below -87; NaN stays NaN.
HWY_INLINE Float exp_of_negative(Float x) {
  const auto far = hn::Lt(x, set(-87));
  const Float near = exp_in_range(hn::IfThenElse(far, set(-87), x));
  return hn::IfThenElse(hn::IsNaN(x), x, hn::IfThenZeroElse(far, near));
}

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
