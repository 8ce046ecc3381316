#include <algorithm>
#include <vector>

#include "attune/kernels/reference/dispatch.h"
#include "attune/kernels/reference/reference.h"

namespace attune::kernels::reference {
namespace {

// sum over i of left(i) * right(i)
template <class Left, class Right>
double dot(int64_t count, const Left& left, const Right& right) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(left(i)) * static_cast<double>(right(i));
  return sum;
}

template <class T>
void put(T& at, double value, bool add) {
  at = static_cast<T>(add ? static_cast<double>(at) + value : value);
}

}  // namespace

void low_rank_down(const LowRankDown& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const T *x = p.x.as<T>(), *a = p.a.as<T>(), *bias = optional<T>(p.bias);
    T* u = p.u.as<T>();
    const int64_t n = p.x.rows(), c = p.x.cols(), r = p.a.rows();
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < r; ++k)
        u[i * r + k] =
            static_cast<T>((bias ? static_cast<double>(bias[k]) : 0) +
                           dot(
                               c, [&](int64_t j) { return x[i * c + j]; }, [&](int64_t j) { return a[k * c + j]; }));
  });
}

void low_rank_down_backward(const LowRankDownBackward& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const T *x = p.x.as<T>(), *du = p.du.as<T>(), *a = p.a.as<T>();
    const int64_t n = p.x.rows(), c = p.x.cols(), r = p.a.rows();
    const auto du_column = [&](int64_t k) { return [&, k](int64_t i) { return du[i * r + k]; }; };
    if (T* dx = optional<T>(p.dx))
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < c; ++j)
          put(dx[i * c + j],
              dot(
                  r, [&](int64_t k) { return du[i * r + k]; }, [&](int64_t k) { return a[k * c + j]; }),
              true);
    if (T* da = optional<T>(p.da))
      for (int64_t k = 0; k < r; ++k)
        for (int64_t j = 0; j < c; ++j)
          put(da[k * c + j], dot(n, du_column(k), [&](int64_t i) { return x[i * c + j]; }), p.add_to_da);
    if (T* d_bias = optional<T>(p.d_bias))
      for (int64_t k = 0; k < r; ++k) put(d_bias[k], dot(n, du_column(k), [](int64_t) { return 1.0; }), p.add_to_bias);
  });
}

void low_rank_up(const LowRankUp& p) {
  with_float(p.y.dtype, [&]<class T>(T) {
    const T *u = p.u.as<T>(), *b = p.b.as<T>(), *bias = optional<T>(p.bias);
    T* y = p.y.as<T>();
    const int64_t n = p.y.rows(), c = p.y.cols(), r = p.b.cols(), all = p.u.cols();
    if (p.before.defined()) std::copy_n(p.before.as<T>(), n * c, y);
    for (int64_t i = 0; i < n; ++i)
      p.parts.for_columns([&](int64_t part, int64_t row, int64_t j) {
        const double sum = dot(
            r, [&](int64_t k) { return u[i * all + part * r + k]; }, [&](int64_t k) { return b[row * r + k]; });
        put(y[i * c + j], p.scale * (sum + (bias ? static_cast<double>(bias[j]) : 0)), true);
      });
  });
}

void low_rank_up_backward(const LowRankUpBackward& p) {
  with_float(p.dy.dtype, [&]<class T>(T) {
    const T *u = p.u.as<T>(), *b = p.b.as<T>(), *dy = p.dy.as<T>();
    const int64_t n = p.dy.rows(), c = p.dy.cols(), r = p.b.cols(), all = p.u.cols();
    if (T* du = optional<T>(p.du))
      for (int64_t i = 0; i < n; ++i) {
        std::vector<double> sums(static_cast<size_t>(all));
        p.parts.for_columns([&](int64_t part, int64_t row, int64_t j) {
          for (int64_t k = 0; k < r; ++k)
            sums[static_cast<size_t>(part * r + k)] +=
                p.scale * static_cast<double>(dy[i * c + j]) * static_cast<double>(b[row * r + k]);
        });
        for (int64_t k = 0; k < all; ++k) du[i * all + k] = static_cast<T>(sums[static_cast<size_t>(k)]);
      }
    const auto dy_column = [&](int64_t j) { return [&, j](int64_t i) { return dy[i * c + j]; }; };
    if (T* db = optional<T>(p.db))
      p.parts.for_columns([&](int64_t part, int64_t row, int64_t j) {
        for (int64_t k = 0; k < r; ++k)
          put(db[row * r + k], p.scale * dot(n, dy_column(j), [&](int64_t i) { return u[i * all + part * r + k]; }),
              p.add_to_db);
      });
    if (T* d_bias = optional<T>(p.d_bias))
      for (int64_t j = 0; j < c; ++j)
        put(d_bias[j], p.scale * dot(n, dy_column(j), [](int64_t) { return 1.0; }), p.add_to_bias);
  });
}

void scale_columns(const ScaleColumns& p) {
  with_float(p.x.dtype, [&]<class T>(T) {
    const T *x = p.x.as<T>(), *g = p.g.as<T>(), *shift = optional<T>(p.shift);
    T* y = p.y.as<T>();
    const int64_t c = p.x.cols();
    if (y != x) std::copy_n(x, p.x.count(), y);
    for (int64_t i = 0; i < p.x.rows(); ++i)
      p.parts.for_columns(
          [&](int64_t, int64_t at, int64_t j) { y[i * c + j] = y[i * c + j] * g[at] + (shift ? shift[at] : T{}); });
  });
}

void scale_columns_backward(const ScaleColumnsBackward& p) {
  with_float(p.dy.dtype, [&]<class T>(T) {
    const T *x = optional<T>(p.x), *dy = p.dy.as<T>(), *g = p.g.as<T>(), *center = optional<T>(p.center);
    const int64_t n = p.dy.rows(), c = p.dy.cols();
    if (T* dg = optional<T>(p.dg))
      p.parts.for_columns([&](int64_t, int64_t at, int64_t j) {
        put(dg[at],
            dot(
                n, [&](int64_t i) { return dy[i * c + j]; },
                [&](int64_t i) { return x[i * c + j] - (center ? center[at] : T{}); }),
            p.add_to_dg);
      });
    if (T* dx = optional<T>(p.dx)) {
      if (dx != dy) std::copy_n(dy, p.dy.count(), dx);
      for (int64_t i = 0; i < n; ++i)
        p.parts.for_columns([&](int64_t, int64_t at, int64_t j) { dx[i * c + j] *= g[at]; });
    }
  });
}

}  // namespace attune::kernels::reference
