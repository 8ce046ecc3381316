#include "attune/kernels/cpu/prefix.h"

#include <algorithm>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/parallel.h"

namespace attune::kernels::cpu {

void insert_prefix(int threads, const InsertPrefix& p) {
  with_element(p.y.dtype, [&]<class T>(T) {
    const T* x = p.x.as<T>();
    const float* table = p.table.as<float>();
    T* y = p.y.as<T>();
    const int64_t cols = p.y.cols(), hidden = cols / 3;
    parallel_chunks(threads, p.y.rows(), chunk_rows(cols), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T* const to = y + i * cols;
        if (p.index[i] >= 0) {
          std::copy_n(x + p.index[i] * cols, cols, to);
          continue;
        }
        const float* from = table + (-1 - p.index[i]) * p.table.cols() + p.column;
        std::fill_n(to, hidden, T(0.0f));
        std::transform(from, from + 2 * hidden, to + hidden, [](float value) { return T(value); });
      }
    });
  });
}

void insert_prefix_backward(int threads, const InsertPrefixBackward& p) {
  with_element(p.dy.dtype, [&]<class T>(T) {
    const T* dy = p.dy.as<T>();
    const int64_t cols = p.dy.cols(), hidden = cols / 3;
    if (p.dx.defined()) {
      T* const dx = p.dx.as<T>();
      std::fill_n(static_cast<char*>(p.dx.data), p.dx.bytes(), char{0});
      parallel_chunks(threads, p.dy.rows(), chunk_rows(cols), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          if (p.index[i] >= 0) std::copy_n(dy + i * cols, cols, dx + p.index[i] * cols);
      });
    }
    if (!p.d_table.defined()) return;
    float* const d_table = p.d_table.as<float>();
    parallel_chunks(threads, 2 * hidden, 64, [&](int64_t begin, int64_t end) {  // each column's sum in order of i
      for (int64_t i = 0; i < p.dy.rows(); ++i) {
        if (p.index[i] >= 0) continue;
        float* const to = d_table + (-1 - p.index[i]) * p.d_table.cols() + p.column;
        for (int64_t j = begin; j < end; ++j) to[j] += static_cast<float>(dy[i * cols + hidden + j]);
      }
    });
  });
}

void put_rows(int threads, const PutRows& p) {
  const int64_t cols = p.y.cols();
  float* const y = p.y.as<float>();
  const float *table = p.table.as<float>(), *more0 = optional<float>(p.more0), *more1 = optional<float>(p.more1);
  parallel_chunks(threads, p.count, chunk_rows(cols), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < cols; ++j)
        y[p.row[i] * cols + j] = table[p.of[i] * cols + j] + (more0 ? more0[p.at0[i] * cols + j] : 0.0f) +
                                 (more1 ? more1[p.at1[i] * cols + j] : 0.0f);
  });
}

void put_rows_backward(int threads, const PutRows& p) {
  const int64_t cols = p.y.cols();
  const float* const dy = p.y.as<float>();
  float* const d_table = p.table.as<float>();
  parallel_chunks(threads, cols, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < p.count; ++i)
      for (int64_t j = begin; j < end; ++j) d_table[p.of[i] * cols + j] += dy[p.row[i] * cols + j];
  });
}

}  // namespace attune::kernels::cpu
