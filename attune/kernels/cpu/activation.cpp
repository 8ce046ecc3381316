#include "attune/kernels/cpu/activation.h"

#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/activation.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/exp-inl.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

// Each function of the contract as value(x) and slope(x).

// Phi(-|x|) = e t P(t) with e = exp(-x^2/2), t = 1 / (1 + 0.21 |x|): a polynomial fitted by tools/fit_kernels.py to a
// relative error of 1.4e-8, so that GELU's error is f32's rounding (1.3e-7 max(1, |y|)) and its far negative tail keeps
// its digits.
struct Gelu {
  Float density, cdf;  // exp(-x^2/2), Phi(x)

  static constexpr double kFar = 13;  // beyond, both tails are less than 1e-37

  HWY_INLINE explicit Gelu(Float x) {
    const Floats f;
    const Float size = hn::Abs(x);
    const auto near = hn::Lt(size, set(kFar));
    density = hn::IfThenElseZero(near, exp_in_range(hn::Mul(hn::Mul(x, x), set(-0.5))));
    const Float t = hn::Div(set(1), hn::MulAdd(size, set(0.21), set(1)));
    Float poly = set(-0.0720338448882103);
    poly = hn::MulAdd(poly, t, set(0.2854527533054352));
    poly = hn::MulAdd(poly, t, set(-0.3341883718967438));
    poly = hn::MulAdd(poly, t, set(0.3540322184562683));
    poly = hn::MulAdd(poly, t, set(-0.0972447395324707));
    poly = hn::MulAdd(poly, t, set(0.12635473906993866));
    poly = hn::MulAdd(poly, t, set(0.06879014521837234));
    poly = hn::MulAdd(poly, t, set(0.08512939512729645));
    poly = hn::MulAdd(poly, t, set(0.08370770514011383));
    const Float tail = hn::Mul(density, hn::Mul(t, poly));
    cdf = hn::IfThenElse(hn::Lt(x, hn::Zero(f)), tail, hn::Sub(set(1), tail));
  }

  static HWY_INLINE Float value(Float x) { return hn::Mul(x, Gelu(x).cdf); }
  static HWY_INLINE Float slope(Float x) {
    const Gelu at(x);
    return hn::MulAdd(hn::Mul(x, set(std::numbers::inv_sqrtpi / std::numbers::sqrt2)), at.density, at.cdf);
  }
};

// (1 + tanh k) / 2 = 1 / (1 + exp(-2k)), with k = sqrt(2/pi) (x + 0.044715 x^3).
struct GeluTanh {
  Float gate, rest;  // (1 + tanh k) / 2, (1 - tanh k) / 2

  static constexpr double kRoot = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  static constexpr double kFar = 10;  // beyond, the gate is 0 or 1 to within 1e-37

  HWY_INLINE explicit GeluTanh(Float x) {
    const Float twice = hn::Mul(x, hn::MulAdd(hn::Mul(x, x), set(2 * kRoot * 0.044715), set(2 * kRoot)));
    const Float e = exp_in_range(hn::Neg(twice)), near = hn::Div(set(1), hn::Add(set(1), e));
    const auto far = hn::Ge(hn::Abs(x), set(kFar));
    gate = hn::IfThenElse(far, hn::IfThenElseZero(hn::Gt(x, hn::Zero(Floats())), set(1)), near);
    rest = hn::IfThenZeroElse(far, hn::Mul(e, near));
  }

  static HWY_INLINE Float value(Float x) { return hn::Mul(x, GeluTanh(x).gate); }
  static HWY_INLINE Float slope(Float x) {
    const GeluTanh at(x);
    const Float held = hn::IfThenZeroElse(hn::Ge(hn::Abs(x), set(kFar)), x);  // x^3 may be infinite, and `rest` 0
    const Float inner = hn::MulAdd(hn::Mul(held, held), set(6 * kRoot * 0.044715), set(2 * kRoot));
    return hn::MulAdd(hn::Mul(at.gate, at.rest), hn::Mul(held, inner), at.gate);
  }
};

struct Relu {
  static HWY_INLINE Float value(Float x) { return hn::IfThenZeroElse(hn::Le(x, hn::Zero(Floats())), x); }
  static HWY_INLINE Float slope(Float x) {
    const Float step = hn::IfThenElseZero(hn::Gt(x, hn::Zero(Floats())), set(1));
    return hn::IfThenElse(hn::IsNaN(x), x, step);
  }
};

struct Tanh {
  static HWY_INLINE Float value(Float x) { return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(Floats(), x)); }
  static HWY_INLINE Float slope(Float x) {
    const Float y = value(x);
    return hn::NegMulAdd(y, y, set(1));
  }
};

template <class Body>
HWY_INLINE void with_function(ActivationKind kind, const Body& body) {
  switch (kind) {
    case ActivationKind::gelu:
      return body(static_cast<Gelu*>(nullptr));
    case ActivationKind::gelu_tanh:
      return body(static_cast<GeluTanh*>(nullptr));
    case ActivationKind::relu:
      return body(static_cast<Relu*>(nullptr));
    case ActivationKind::tanh:
      return body(static_cast<Tanh*>(nullptr));
  }
}

template <class F, class X, class Y>
void forward(const X* x, Y* y, int64_t begin, int64_t end) {
  for_lanes(begin, end, [&](int64_t i, auto part) HWY_ATTR { store(y + i, part, F::value(load(x + i, part))); });
}

template <class F, class X, class Y>
void backward(const X* x, const Y* dy, Y* dx, int64_t begin, int64_t end) {
  for_lanes(begin, end, [&](int64_t i, auto part) HWY_ATTR {
    store(dx + i, part, hn::Mul(load(dy + i, part), F::slope(load(x + i, part))));
  });
}

void forward_chunk(const Activation& p, int64_t begin, int64_t end) {
  with_function(p.kind, [&]<class F>(F*) HWY_ATTR {
    with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
      with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR { forward<F>(p.x.as<X>(), p.y.as<Y>(), begin, end); });
    });
  });
}

void backward_chunk(const ActivationBackward& p, int64_t begin, int64_t end) {
  with_function(p.kind, [&]<class F>(F*) HWY_ATTR {
    with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
      with_element(p.dy.dtype,
                   [&]<class Y>(Y) HWY_ATTR { backward<F>(p.x.as<X>(), p.dy.as<Y>(), p.dx.as<Y>(), begin, end); });
    });
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(forward_chunk);
HWY_EXPORT(backward_chunk);

void activation(int threads, const Activation& p) {
  parallel_chunks(threads, p.x.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(forward_chunk)(p, begin, end);
  });
}

void activation_backward(int threads, const ActivationBackward& p) {
  parallel_chunks(threads, p.x.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(backward_chunk)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
