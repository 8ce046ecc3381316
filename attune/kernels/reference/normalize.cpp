#include <cmath>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {

void normalize_rows(const NormalizeRows& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const int64_t n = p.x.cols();
    for (int64_t r = 0; r < p.x.rows(); ++r) {
      const T* x = p.x.as<T>() + r * n;
      T squares = 0;
      for (int64_t c = 0; c < n; ++c) squares += x[c] * x[c];
      const T length = std::sqrt(squares);
      const T inverse = length < static_cast<T>(kShortestRow) ? T(0) : 1 / length;
      p.inverse.as<T>()[r] = inverse;
      for (int64_t c = 0; c < n; ++c) p.y.as<T>()[r * n + c] = x[c] * inverse;
    }
  });
}

void normalize_rows_backward(const NormalizeRowsBackward& p) {
  with_float(p.dy.dtype, [&]<class T>(T) {
    const int64_t n = p.dy.cols();
    for (int64_t r = 0; r < p.dy.rows(); ++r) {
      const T *dy = p.dy.as<T>() + r * n, *y = p.y.as<T>() + r * n;
      T along = 0;
      for (int64_t c = 0; c < n; ++c) along += dy[c] * y[c];
      for (int64_t c = 0; c < n; ++c) p.dx.as<T>()[r * n + c] = p.inverse.as<T>()[r] * (dy[c] - y[c] * along);
    }
  });
}

}  // namespace attune::kernels::reference
