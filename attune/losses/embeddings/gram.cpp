#include "attune/losses/embeddings/gram.h"

#include <cmath>

#include "attune/losses/embeddings/rows.h"
#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// Makes the rows of x [m, C] unit rows, or zeros; returns 1 / |x|, 0 where there is no length.
std::vector<double> make_unit(std::vector<double>& x, size_t width) {
  std::vector<double> inverse = inverse_lengths(x, width);
  for (size_t i = 0; i < x.size(); ++i) x[i] *= inverse[i / width];
  return inverse;
}

// From products to squared distances, in place; what is rounding alone becomes 0.
void make_distances(Context& context, const Tensor& g) {
  const double rounding = g.dtype == tensor::DType::f64 ? 1e-14 : 1e-6;
  const std::vector<double> products = rows_on_host(context, g, g.rows());
  const auto m = static_cast<size_t>(g.rows());
  by_type(g, [&](auto type) {
    using T = decltype(type);
    tensor::write_from_host<T>(context.arena.memory(), g, [&](std::span<T> d) {
      for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < m; ++j) {
          const double squares = products[i * m + i] + products[j * m + j];
          const double apart = squares - 2 * products[i * m + j];
          d[i * m + j] = static_cast<T>(i == j || apart <= rounding * squares ? 0 : apart);
        }
    });
  });
}

// S, or of distances 2 (diag(S 1) - S), from dG.
template <class T>
void make_factor(std::span<const T> d_g, size_t m, bool distances, std::span<T> out) {
  for (size_t i = 0; i < m; ++i) {
    double sum = 0;
    for (size_t j = 0; j < m; ++j) {
      const T s = i == j && distances ? T(0) : d_g[i * m + j] + d_g[j * m + i];
      out[i * m + j] = distances ? -2 * s : s;
      sum += static_cast<double>(s);
    }
    if (distances) out[i * m + i] = static_cast<T>(2 * sum);
  }
}

struct Kept {
  Tensor features, u, inverse;  // u [m, C]; inverse [m] 1 / |x|, undefined where rows are as they are
  bool distances;
};

template <class T>
void backward(autograd::Tape& tape, const Kept& kept, const Tensor& d_g) {
  tape.add_gradient(kept.features, [&](const Tensor& d_x) {
    tensor::Memory& memory = tape.kernels().memory();
    const auto m = static_cast<size_t>(d_g.rows()), width = static_cast<size_t>(kept.u.cols());
    const Tensor factor = tape.scratch().tensor(d_g.shape, d_g.dtype);
    const Tensor d_u = tape.scratch().tensor(kept.u.shape, kept.u.dtype);
    {
      const tensor::OnHost<T> arrived(memory, d_g);
      tensor::write_from_host<T>(memory, factor,
                                 [&](std::span<T> out) { make_factor<T>(arrived.values(), m, kept.distances, out); });
    }
    tape.kernels().matmul({.a = factor, .b = kept.u, .c = d_u});
    const tensor::OnHost<T> du(memory, d_u), u(memory, kept.u);
    const bool unit = kept.inverse.defined();
    const tensor::OnHost<T> inverse(memory, unit ? kept.inverse : kept.u, unit ? static_cast<int64_t>(m) : 0);
    tensor::write_from_host<T>(memory, d_x, [&](std::span<T> out) {
      std::fill(std::copy(du.values().begin(), du.values().end(), out.begin()), out.end(), T(0));
      for (size_t i = 0; unit && i < m; ++i) {
        const std::span row = out.subspan(i * width, width);
        const std::span along = u.values().subspan(i * width, width);
        double inner = 0;
        for (size_t c = 0; c < width; ++c) inner += static_cast<double>(along[c]) * static_cast<double>(row[c]);
        for (size_t c = 0; c < width; ++c)
          row[c] = static_cast<T>((static_cast<double>(row[c]) - static_cast<double>(along[c]) * inner) *
                                  static_cast<double>(inverse.values()[i]));
      }
    });
  });
}

}  // namespace

Tensor all_with_all(Context& context, const Tensor& features, int64_t m, Measure measure) {
  ATTUNE_CHECK(features.defined() && m <= features.rows(), "{} texts, but features of {}", m, features.shape.text());
  const Tensor g = context.make({m, m}, context.sums());
  if (m == 0) return g;
  const bool unit = measure == Measure::cosine || measure == Measure::chord;
  std::vector<double> x = rows_on_host(context, features, m);
  Kept kept{
      .features = features, .u = {}, .inverse = {}, .distances = measure != Measure::cosine && measure != Measure::dot};
  if (unit) kept.inverse = vector_of(context, make_unit(x, static_cast<size_t>(features.cols())));
  kept.u = tensor_of(context, {m, features.cols()}, x);
  context.kernels.matmul({.a = kept.u, .b = kept.u, .c = g, .transpose_b = true});
  if (kept.distances) make_distances(context, g);
  if (!context.records(features)) return g;
  const Tensor out = context.tape->variable(g);
  context.tape->record("all_with_all", out, [kept](autograd::Tape& tape, Tensor d_g) {
    by_type(d_g, [&](auto type) { backward<decltype(type)>(tape, kept, d_g); });
  });
  return out;
}

}  // namespace attune::losses
