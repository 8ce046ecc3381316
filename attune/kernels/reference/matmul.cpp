#include <vector>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"
#include "attune/tensor/quantized.h"

namespace attune::kernels::reference {
namespace {

// W' [out, in] of a weight held as bytes.
template <class T>
std::vector<T> floats_of(const Tensor& w) {
  std::vector<T> floats;
  for (int64_t o = 0; o < w.rows(); ++o)
    for (int64_t i = 0; i < w.cols(); ++i)
      floats.push_back(
          static_cast<T>(w.byte_weight->scale[o] *
                         static_cast<float>(w.byte_weight->values[tensor::ByteWeight::place(o, i, w.cols())])));
  return floats;
}

}  // namespace

void matmul(const Matmul& p) {
  with_float(p.c.dtype, [&]<class T>(T) {
    const T* a = p.a.as<T>();
    const std::vector<T> floats = p.b.byte_weight ? floats_of<T>(p.b) : std::vector<T>{};
    const T* b = p.b.byte_weight ? floats.data() : p.b.as<T>();
    const T* bias = optional<T>(p.bias);
    T* c = p.c.as<T>();
    const int64_t m = p.c.rows(), n = p.c.cols();
    const int64_t k = p.transpose_a ? p.a.rows() : p.a.cols();
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        T sum = 0;
        for (int64_t l = 0; l < k; ++l)
          sum += a[p.transpose_a ? l * m + i : i * k + l] * b[p.transpose_b ? j * k + l : l * n + j];
        if (bias) sum += bias[j];
        c[i * n + j] = p.accumulate ? c[i * n + j] + sum : sum;
      }
  });
  if (p.squares.defined()) sum_squares({.x = p.c, .out = p.squares});
}

void column_sum(const ColumnSum& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const T* x = p.x.as<T>();
    T* out = p.out.as<T>();
    const int64_t rows = p.x.rows(), n = p.x.cols();
    for (int64_t j = 0; j < n; ++j) {
      T sum = 0;
      for (int64_t r = 0; r < rows; ++r) sum += x[r * n + j];
      out[j] = p.accumulate ? out[j] + sum : sum;
    }
  });
}

}  // namespace attune::kernels::reference
