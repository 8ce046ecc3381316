#include <algorithm>
#include <cmath>
#include <vector>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

// Row r of `rows` from n values.
template <class T>
void quantize_row(const T* x, int64_t n, const QuantizedRows& rows, int64_t r) {
  float low = 0, high = 0;
  bool finite = true;
  for (int64_t c = 0; c < n; ++c) {
    const auto value = static_cast<float>(x[c]);
    finite = finite && std::isfinite(value);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  uint8_t* const to = rows.values + r * rows.stride;
  std::fill(to, to + rows.stride, uint8_t{0});
  const float scale = (high * 0.5f - low * 0.5f) * (2.0f / 255);
  rows.scale[r] = !finite ? std::nanf("") : scale > 0x1p-108f ? scale : 0.0f;
  rows.zero[r] = 0;
  if (!(rows.scale[r] > 0)) return;
  const float inverse = 1.0f / scale;
  rows.zero[r] = static_cast<int32_t>(std::lrint(-low * inverse));
  for (int64_t c = 0; c < n; ++c) {
    const auto whole = static_cast<int32_t>(std::lrint(static_cast<float>(x[c]) * inverse)) + rows.zero[r];
    to[c] = static_cast<uint8_t>(std::clamp(whole, 0, 255));
  }
}

int8_t weight_at(const QuantizedMatmul& p, int64_t k, int64_t n) {
  using Q = QuantizedWeight;
  const int64_t group = n / Q::kBlock * Q::groups_of(p.k) + k / Q::kGroup;
  return p.b.values[group * Q::kBlock * Q::kGroup + n % Q::kBlock * Q::kGroup + k % Q::kGroup];
}

int32_t exact_sum(const QuantizedMatmul& p, int64_t row, int64_t n) {
  int32_t sum = 0;
  for (int64_t k = 0; k < p.k; ++k) sum += (p.a.values[row * p.a.stride + k] - p.a.zero[row]) * weight_at(p, k, n);
  return sum;
}

double value_at(const QuantizedMatmul& p, int64_t row, int64_t n) {
  const double scale = static_cast<double>(p.a.scale[row]) * static_cast<double>(p.b.scale[n]);
  double y = exact_sum(p, row, n) * scale;
  if (p.bias.defined()) y += p.bias.dtype == DType::f64 ? p.bias.as<double>()[n] : double{p.bias.as<float>()[n]};
  return p.gelu ? 0.5 * y * std::erfc(-y / std::sqrt(2.0)) : y;
}

}  // namespace

void quantize_rows(const QuantizeRows& p) {
  with_any_float(p.x.dtype, [&]<class T>(T) {
    for (int64_t r = 0; r < p.x.rows(); ++r) quantize_row(p.x.as<T>() + r * p.x.cols(), p.x.cols(), p.rows, r);
  });
}

void quantized_matmul(const QuantizedMatmul& p) {
  std::vector<double> y(static_cast<size_t>(p.n));
  for (int64_t row = 0; row < p.m; ++row) {
    for (int64_t n = 0; n < p.n; ++n) {
      if (p.c.defined() && p.c.dtype == DType::i32) {
        p.c.as<int32_t>()[row * p.n + n] = exact_sum(p, row, n);
        continue;
      }
      y[static_cast<size_t>(n)] = value_at(p, row, n);
      if (p.c.defined())
        with_any_float(p.c.dtype, [&]<class T>(T) {
          if constexpr (std::is_same_v<T, BFloat16>)
            p.c.as<T>()[row * p.n + n] = BFloat16(static_cast<float>(y[static_cast<size_t>(n)]));
          else
            p.c.as<T>()[row * p.n + n] = static_cast<T>(y[static_cast<size_t>(n)]);
        });
    }
    if (p.rows.defined()) quantize_row(y.data(), p.n, p.rows, row);
  }
}

}  // namespace attune::kernels::reference
