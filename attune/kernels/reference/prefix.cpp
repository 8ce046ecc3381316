#include <algorithm>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {

void insert_prefix(const InsertPrefix& p) {
  with_float(p.y.dtype, [&]<class T>(T) {
    const T *x = p.x.as<T>(), *table = p.table.as<T>();
    T* y = p.y.as<T>();
    const int64_t cols = p.y.cols(), hidden = cols / 3;
    for (int64_t i = 0; i < p.y.rows(); ++i) {
      if (p.index[i] >= 0) {
        std::copy_n(x + p.index[i] * cols, cols, y + i * cols);
        continue;
      }
      std::fill_n(y + i * cols, hidden, T{});
      std::copy_n(table + (-1 - p.index[i]) * p.table.cols() + p.column, 2 * hidden, y + i * cols + hidden);
    }
  });
}

void insert_prefix_backward(const InsertPrefixBackward& p) {
  with_float(p.dy.dtype, [&]<class T>(T) {
    const T* dy = p.dy.as<T>();
    const int64_t cols = p.dy.cols(), hidden = cols / 3;
    T *dx = optional<T>(p.dx), *d_table = optional<T>(p.d_table);
    if (dx) std::fill_n(dx, p.dx.count(), T{});
    for (int64_t i = 0; i < p.dy.rows(); ++i) {
      if (p.index[i] >= 0) {
        if (dx) std::copy_n(dy + i * cols, cols, dx + p.index[i] * cols);
        continue;
      }
      for (int64_t j = 0; d_table && j < 2 * hidden; ++j)
        d_table[(-1 - p.index[i]) * p.d_table.cols() + p.column + j] += dy[i * cols + hidden + j];
    }
  });
}

void put_rows(const PutRows& p) {
  with_float(p.y.dtype, [&]<class T>(T) {
    const int64_t cols = p.y.cols();
    const auto at = [&](const Tensor& table, int64_t row, int64_t j) {
      return table.defined() ? table.as<T>()[row * cols + j] : T{};
    };
    for (int64_t i = 0; i < p.count; ++i)
      for (int64_t j = 0; j < cols; ++j)
        p.y.as<T>()[p.row[i] * cols + j] =
            at(p.table, p.of[i], j) + at(p.more0, p.at0 ? p.at0[i] : 0, j) + at(p.more1, p.at1 ? p.at1[i] : 0, j);
  });
}

void put_rows_backward(const PutRows& p) {
  with_float(p.y.dtype, [&]<class T>(T) {
    const int64_t cols = p.y.cols();
    for (int64_t i = 0; i < p.count; ++i)
      for (int64_t j = 0; j < cols; ++j) p.table.as<T>()[p.of[i] * cols + j] += p.y.as<T>()[p.row[i] * cols + j];
  });
}

}  // namespace attune::kernels::reference
