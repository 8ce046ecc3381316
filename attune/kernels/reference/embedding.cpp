#include <algorithm>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"
#include "attune/tensor/quantized.h"

namespace attune::kernels::reference {
namespace {

template <class T>
T element(const Tensor& table, int64_t row, int64_t col) {
  const int64_t at = row * table.cols() + col;
  if (table.dtype != DType::i8) return table.as<T>()[at];
  return static_cast<T>(tensor::quantized_table_scales(table)[row]) * static_cast<T>(table.as<int8_t>()[at]);
}

}  // namespace

void embedding_sum(const EmbeddingSum& p) {
  with_float(p.y.dtype, [&]<class T>(T) {
    const int64_t n = p.y.cols();
    for (int64_t r = 0; r < p.y.rows(); ++r)
      for (int64_t c = 0; c < n; ++c) {
        T sum = 0;
        for (int t = 0; t < p.tables; ++t) sum += element<T>(p.table[t], p.index[t][r], c);
        p.y.as<T>()[r * n + c] = sum;
      }
  });
}

void embedding_sum_backward(const EmbeddingSum& p) {
  with_float(p.y.dtype, [&]<class T>(T) {
    const int64_t n = p.y.cols();
    for (int t = 0; t < p.tables; ++t) {
      T* d_table = optional<T>(p.table[t]);
      for (int64_t r = 0; d_table && r < p.rows; ++r)
        for (int64_t c = 0; c < n; ++c) d_table[p.index[t][r] * n + c] += p.y.as<T>()[r * n + c];
    }
  });
}

void gather_rows(const GatherRows& p) {
  with_any_float(p.x.dtype, [&]<class T>(T) {
    const int64_t n = p.y.cols();
    for (int64_t i = 0; i < p.y.rows(); ++i) {
      T* y = p.y.as<T>() + i * n;
      if (p.index[i] < 0)
        std::fill(y, y + n, T{});
      else
        std::copy_n(p.x.as<T>() + p.index[i] * n, n, y);
    }
  });
}

void gather_rows_backward(const GatherRows& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const int64_t n = p.y.cols();
    for (int64_t i = 0; i < p.y.rows(); ++i)
      for (int64_t c = 0; p.index[i] >= 0 && c < n; ++c) p.x.as<T>()[p.index[i] * n + c] += p.y.as<T>()[i * n + c];
  });
}

void mean_rows(const MeanRows& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const int64_t n = p.x.cols();
    T* y = p.y.as<T>();
    std::fill(y, y + p.y.count(), T{0});
    for (int64_t b = 0; b < p.sequences; ++b)
      for (int64_t r = p.offsets[b]; r < p.offsets[b + 1]; ++r)
        for (int64_t c = 0; c < n; ++c)
          y[b * n + c] += p.x.as<T>()[r * n + c] / static_cast<T>(p.offsets[b + 1] - p.offsets[b]);
  });
}

void mean_rows_backward(const MeanRows& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const int64_t n = p.x.cols();
    T* d_x = p.x.as<T>();
    std::fill(d_x, d_x + p.x.count(), T{0});
    for (int64_t b = 0; b < p.sequences; ++b)
      for (int64_t r = p.offsets[b]; r < p.offsets[b + 1]; ++r)
        for (int64_t c = 0; c < n; ++c)
          d_x[r * n + c] = p.y.as<T>()[b * n + c] / static_cast<T>(p.offsets[b + 1] - p.offsets[b]);
  });
}

}  // namespace attune::kernels::reference
