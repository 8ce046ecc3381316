// The exponential in f32 lanes.
#if defined(ATTUNE_KERNELS_CPU_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_KERNELS_CPU_EXP_INL_H_
#undef ATTUNE_KERNELS_CPU_EXP_INL_H_
#else
#define ATTUNE_KERNELS_CPU_EXP_INL_H_
#endif

#include "attune/kernels/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

// exp(x) for -87 <= x <= 88, within 1.5 units of the last digit; NaN stays NaN; elsewhere the result is meaningless.
// x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 q(r) with q of degree 4 (tools/fit_kernels.py: relative error 3.1e-9).
HWY_INLINE Float exp_in_range(Float x) {
  const Floats f;
  const auto n = hn::NearestInt(hn::Mul(x, set(1.4426950408889634)));
  const Float whole = hn::ConvertTo(f, n);
  // ln 2 in two parts, the first with few enough digits that its product with n is exact.
  const Float r = hn::NegMulAdd(whole, set(-2.12194440054690583e-4), hn::NegMulAdd(whole, set(0.693359375), x));
  Float q = set(0.001381459878757596);
  q = hn::MulAdd(q, r, set(0.008368716575205326));
  q = hn::MulAdd(q, r, set(0.04166838899254799));
  q = hn::MulAdd(q, r, set(0.1666652113199234));
  q = hn::MulAdd(q, r, set(0.4999999403953552));
  const Float near_one = hn::Add(set(1), hn::MulAdd(hn::Mul(r, r), q, r));
  // Times 2^n by adding n to the exponent's bits; a NaN's remainder is NaN already and stays one.
  const auto bits = hn::Add(hn::BitCast(hn::RebindToSigned<Floats>(), near_one), hn::ShiftLeft<23>(n));
  return hn::IfThenElse(hn::IsNaN(x), x, hn::BitCast(f, bits));
}

// exp(x) for x <= 0; 0 below -87.
HWY_INLINE Float exp_of_negative(Float x) {
  const auto far = hn::Lt(x, set(-87));
  return hn::IfThenZeroElse(far, exp_in_range(hn::IfThenElse(far, set(-87), x)));
}

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
