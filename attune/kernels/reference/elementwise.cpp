#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

template <class T>
double widened(T value) {
  if constexpr (std::is_same_v<T, BFloat16>)
    return static_cast<double>(static_cast<float>(value));
  else
    return static_cast<double>(value);
}

template <class T>
T narrowed(double value) {
  if constexpr (std::is_same_v<T, BFloat16>)
    return BFloat16(static_cast<float>(value));
  else
    return static_cast<T>(value);
}

}  // namespace

void convert(const Convert& p) {
  with_any_float(p.x.dtype, [&]<class X>(X) {
    with_any_float(p.y.dtype, [&]<class Y>(Y) {
      const X* x = p.x.as<X>();
      Y* y = p.y.as<Y>();
      for (int64_t i = 0; i < p.x.count(); ++i)
        y[i] = narrowed<Y>(widened(x[i]) * p.scale + (p.accumulate ? widened(y[i]) : 0.0));
    });
  });
}

void fill(const Fill& p) {
  with_any_float(p.y.dtype, [&]<class T>(T) {
    for (int64_t i = 0; i < p.y.count(); ++i) p.y.as<T>()[i] = narrowed<T>(p.value);
  });
}

void sum_squares(const SumSquares& p) {
  *p.out.as<double>() = with_float(p.x.dtype, [&]<class T>(T) {
    double sum = 0;
    for (int64_t i = 0; i < p.x.count(); ++i) sum += widened(p.x.as<T>()[i]) * widened(p.x.as<T>()[i]);
    return sum;
  });
}

}  // namespace attune::kernels::reference
