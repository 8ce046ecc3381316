#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {

void dropout(const Dropout& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const T* x = p.x.as<T>();
    T* y = p.y.as<T>();
    const int64_t n = p.x.cols();
    for (int64_t r = 0; r < p.x.rows(); ++r)
      for (int64_t c = 0; c < n; ++c) {
        const T dropped = x[r * n + c] * static_cast<T>(dropout_factor(p.keys, r, c));
        y[r * n + c] = p.accumulate ? y[r * n + c] + dropped : dropped;
      }
  });
}

}  // namespace attune::kernels::reference
