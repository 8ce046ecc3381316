#include "attune/kernels/cpu/activation.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <numbers>
#include <vector>

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

struct Silu {
  Float gate, rest;  // 1 / (1 + exp(-x)), 1 - that

  static constexpr double kFar = 87;  // beyond, the gate is 0 or 1 to within 1e-37

  HWY_INLINE explicit Silu(Float x) {
    const Float size = hn::Abs(x), e = exp_in_range(hn::Neg(hn::Min(size, set(kFar))));
    const Float larger = hn::Div(set(1), hn::Add(set(1), e));
    const Float smaller = hn::IfThenZeroElse(hn::Ge(size, set(kFar)), hn::Mul(e, larger));
    const auto below = hn::Lt(x, hn::Zero(Floats()));
    gate = hn::IfThenElse(below, smaller, larger);
    rest = hn::IfThenElse(below, larger, smaller);
  }

  static HWY_INLINE Float value(Float x) { return hn::Mul(x, Silu(x).gate); }
  static HWY_INLINE Float slope(Float x) {
    const Silu at(x);
    const Float held = hn::IfThenZeroElse(hn::Ge(hn::Abs(x), set(kFar)), x);  // x may be infinite, and `rest` 0
    const Float slope = hn::MulAdd(hn::Mul(at.gate, at.rest), held, at.gate);
    return hn::IfThenElse(hn::IsNaN(x), x, slope);
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
    case ActivationKind::silu:
      return body(static_cast<Silu*>(nullptr));
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

// dx = dy * slope
void multiply_slopes(const BFloat16* dy, const float* slope, BFloat16* dx, int64_t count) {
  for_lanes(0, count, [&](int64_t i, auto part) HWY_ATTR {
    store(dx + i, part, hn::Mul(load(dy + i, part), load(slope + i, part)));
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(forward_chunk);
HWY_EXPORT(backward_chunk);
HWY_EXPORT(multiply_slopes);

namespace {

// A function of bf16 has 65,536 values. They are worked out once, by the code above, and looked up from then on: the
// same bits in a fraction of the time. (What a model looks up lies in a few binades, some KB of the tables.)
constexpr int64_t kValues = 1 << 16;

struct Tables {
  std::vector<BFloat16> value;  // f(x), rounded
  std::vector<float> slope;     // f'(x)
};

template <class T>
Tensor view_of(std::vector<T>& values) {
  return {.data = values.data(), .shape = {std::ssize(values)}, .dtype = tensor::DTypeOf<T>::value};
}

Tables make_tables(ActivationKind kind) {
  std::vector<BFloat16> every(kValues);
  for (int64_t i = 0; i < kValues; ++i) every[static_cast<size_t>(i)].bits = static_cast<uint16_t>(i);
  Tables tables{std::vector<BFloat16>(kValues), std::vector<float>(kValues, 1.0f)};
  const Tensor x = view_of(every), value = view_of(tables.value), slope = view_of(tables.slope);
  HWY_DYNAMIC_DISPATCH(forward_chunk)({.kind = kind, .x = x, .y = value}, 0, kValues);
  HWY_DYNAMIC_DISPATCH(backward_chunk)({.kind = kind, .x = x, .dy = slope, .dx = slope}, 0, kValues);
  return tables;
}

const Tables& tables_of(ActivationKind kind) {
  static std::array<Tables, kActivationKinds> tables;
  static std::array<std::once_flag, kActivationKinds> made;
  const auto i = static_cast<size_t>(kind);
  std::call_once(made.at(i), [&] { tables.at(i) = make_tables(kind); });
  return tables.at(i);
}

bool looked_up(ActivationKind kind, const Tensor& x, const Tensor& y) {
  return kind != ActivationKind::relu && x.dtype == DType::bf16 && y.dtype == DType::bf16;
}

void look_up(const BFloat16* values, const Activation& p, int64_t begin, int64_t end) {
  const auto* x = p.x.as<BFloat16>();
  auto* y = p.y.as<BFloat16>();
#pragma GCC unroll 8
  for (int64_t i = begin; i < end; ++i) y[i] = values[x[i].bits];
}

void look_up_backward(const float* slopes, const ActivationBackward& p, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = 256;
  alignas(64) float slope[kBlock];
  const auto* x = p.x.as<BFloat16>();
  for (int64_t at = begin; at < end; at += kBlock) {
    const int64_t count = std::min(kBlock, end - at);
#pragma GCC unroll 8
    for (int64_t i = 0; i < count; ++i) slope[i] = slopes[x[at + i].bits];
    HWY_DYNAMIC_DISPATCH(multiply_slopes)(p.dy.as<BFloat16>() + at, slope, p.dx.as<BFloat16>() + at, count);
  }
}

}  // namespace

void activation(int threads, const Activation& p) {
  const BFloat16* const values = looked_up(p.kind, p.x, p.y) ? tables_of(p.kind).value.data() : nullptr;
  parallel_chunks(threads, p.x.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    if (values) return look_up(values, p, begin, end);
    HWY_DYNAMIC_DISPATCH(forward_chunk)(p, begin, end);
  });
}

void activation_backward(int threads, const ActivationBackward& p) {
  const float* const slopes = looked_up(p.kind, p.x, p.dy) ? tables_of(p.kind).slope.data() : nullptr;
  parallel_chunks(threads, p.x.count(), kChunkElements, [&](int64_t begin, int64_t end) {
    if (slopes) return look_up_backward(slopes, p, begin, end);
    HWY_DYNAMIC_DISPATCH(backward_chunk)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
