#include <cmath>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {

void layer_norm(const LayerNorm& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const int64_t rows = p.x.rows(), n = p.x.cols();
    const T *gamma = p.gamma.as<T>(), *beta = p.beta.as<T>();
    for (int64_t r = 0; r < rows; ++r) {
      const T* x = p.x.as<T>() + r * n;
      const T* residual = p.residual.defined() ? p.residual.as<T>() + r * n : nullptr;
      const auto z = [&](int64_t c) {
        const T dropped = x[c] * static_cast<T>(dropout_factor(p.dropout, r, c));
        return residual ? residual[c] + dropped : dropped;
      };
      T mean = 0, variance = 0;
      for (int64_t c = 0; c < n; ++c) mean += z(c) / static_cast<T>(n);
      for (int64_t c = 0; c < n; ++c) variance += (z(c) - mean) * (z(c) - mean) / static_cast<T>(n);
      const T rstd = 1 / std::sqrt(variance + static_cast<T>(p.eps));
      for (int64_t c = 0; c < n; ++c) {
        const T sum = z(c), y = (sum - mean) * rstd * gamma[c] + beta[c];
        if (p.z.defined()) p.z.as<T>()[r * n + c] = sum;
        if (p.twin.defined()) p.twin.as<BFloat16>()[r * n + c] = BFloat16(static_cast<float>(y));
        p.y.as<T>()[r * n + c] = y;
      }
      p.mean.as<T>()[r] = mean;
      p.rstd.as<T>()[r] = rstd;
    }
  });
  if (p.bytes.defined()) quantize_rows({.x = p.y, .rows = p.bytes});
}

void layer_norm_backward(const LayerNormBackward& p) {
  ATTUNE_CHECK(p.z.defined() && p.z.dtype == p.dy.dtype, "layer_norm's backward needs the sum z that forward kept");
  with_float(p.dy.dtype, [&]<class T>(T) {
    const int64_t rows = p.dy.rows(), n = p.dy.cols();
    const T* gamma = p.gamma.as<T>();
    T *d_gamma = optional<T>(p.d_gamma), *d_beta = optional<T>(p.d_beta);
    T *dx = optional<T>(p.dx), *d_residual = optional<T>(p.d_residual);
    for (int64_t r = 0; r < rows; ++r) {
      const T* dy = p.dy.as<T>() + r * n;
      const T* z = p.z.as<T>() + r * n;
      const T mean = p.mean.as<T>()[r], rstd = p.rstd.as<T>()[r];
      T mean_g = 0, mean_gh = 0;
      for (int64_t c = 0; c < n; ++c) {
        const T h = (z[c] - mean) * rstd, g = dy[c] * gamma[c];
        mean_g += g / static_cast<T>(n);
        mean_gh += g * h / static_cast<T>(n);
        if (d_gamma) d_gamma[c] += dy[c] * h;
        if (d_beta) d_beta[c] += dy[c];
      }
      for (int64_t c = 0; c < n; ++c) {
        const T h = (z[c] - mean) * rstd;
        const T dz = rstd * (dy[c] * gamma[c] - mean_g - h * mean_gh);
        const int64_t at = r * n + c;
        if (d_residual) d_residual[at] = p.accumulate_residual ? d_residual[at] + dz : dz;
        if (dx) dx[at] = dz * static_cast<T>(dropout_factor(p.dropout, r, c));
      }
    }
  });
}

}  // namespace attune::kernels::reference
