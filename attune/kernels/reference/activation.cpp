#include <cmath>
#include <numbers>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

constexpr double kCubic = 0.044715;

template <class T>
T normal_cdf(T x) {
  return static_cast<T>(0.5) * std::erfc(-x / std::numbers::sqrt2_v<T>);
}

template <class T>
T tanh_inner(T x) {
  return std::sqrt(2 / std::numbers::pi_v<T>) * (x + static_cast<T>(kCubic) * x * x * x);
}

template <class T>
T value(ActivationKind kind, T x) {
  switch (kind) {
    case ActivationKind::gelu:
      return x * normal_cdf(x);
    case ActivationKind::gelu_tanh:
      return x / 2 * (1 + std::tanh(tanh_inner(x)));
    case ActivationKind::relu:
      return x > 0 || std::isnan(x) ? x : T{0};
    case ActivationKind::tanh:
      return std::tanh(x);
    case ActivationKind::silu:
      return x / (1 + std::exp(-x));
  }
  return x;
}

template <class T>
T derivative(ActivationKind kind, T x) {
  switch (kind) {
    case ActivationKind::gelu:
      return normal_cdf(x) + x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<T>);
    case ActivationKind::gelu_tanh: {
      const T t = std::tanh(tanh_inner(x));
      const T inner = std::sqrt(2 / std::numbers::pi_v<T>) * (1 + 3 * static_cast<T>(kCubic) * x * x);
      return (1 + t) / 2 + x / 2 * (1 - t * t) * inner;
    }
    case ActivationKind::relu:
      return std::isnan(x) ? x : static_cast<T>(x > 0);
    case ActivationKind::tanh:
      return 1 - std::tanh(x) * std::tanh(x);
    case ActivationKind::silu: {
      const T gate = 1 / (1 + std::exp(-x));
      return gate + x * gate * (1 - gate);
    }
  }
  return x;
}

}  // namespace

void activation(const Activation& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    for (int64_t i = 0; i < p.x.count(); ++i) p.y.as<T>()[i] = value(p.kind, p.x.as<T>()[i]);
  });
}

void activation_backward(const ActivationBackward& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    for (int64_t i = 0; i < p.x.count(); ++i) p.dx.as<T>()[i] = p.dy.as<T>()[i] * derivative(p.kind, p.x.as<T>()[i]);
  });
}

}  // namespace attune::kernels::reference
