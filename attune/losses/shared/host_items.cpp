#include "attune/losses/shared/host_items.h"

#include <algorithm>

namespace attune::losses {
namespace {

// A tensor of the run's summing type that holds `values`, then zeros.
Tensor put(Context& context, tensor::Shape shape, std::span<const double> values) {
  const Tensor made = context.make(shape, context.sums());
  tensor::Memory& memory = context.arena.memory();
  const auto write = [&](auto out) {
    using T = typename decltype(out)::value_type;
    ATTUNE_CHECK(values.size() <= out.size(), "{} values for a tensor of {}", values.size(), out.size());
    const auto end =
        std::transform(values.begin(), values.end(), out.begin(), [](double x) { return static_cast<T>(x); });
    std::fill(end, out.end(), T(0));
  };
  if (made.dtype == tensor::DType::f64)
    tensor::write_from_host<double>(memory, made, write);
  else
    tensor::write_from_host<float>(memory, made, write);
  return made;
}

// Calls body(type) with the type of the tensor's elements.
template <class Body>
void by_type(const Tensor& tensor, const Body& body) {
  if (tensor.dtype == tensor::DType::f64)
    body(double{});
  else
    body(float{});
}

// Each element of `kept` times what arrives at its item: the row's, or the column's.
template <bool columns>
Tensor put_scaled(Context& context, const char* op, const Tensor& logits, int64_t rows, std::span<const double> items,
                  std::span<const double> gradients) {
  Tensor out = put(context, {rows}, items);
  if (!wants_gradient(context, logits)) return out;
  const Tensor kept = put(context, logits.shape, gradients);
  out = context.tape->variable(out);
  context.tape->record(op, out, [logits, kept](autograd::Tape& tape, Tensor d_items) {
    tape.add_gradient(logits, [&](const Tensor& d_logits) {
      tensor::Memory& memory = tape.kernels().memory();
      by_type(d_logits, [&](auto type) {
        using T = decltype(type);
        const tensor::OnHost<T> arrived(memory, d_items), slope(memory, kept);
        const auto width = static_cast<size_t>(kept.cols());
        tensor::write_from_host<T>(memory, d_logits, [&](std::span<T> d) {
          for (size_t i = 0; i < d.size(); ++i)
            d[i] = arrived.values()[columns ? i % width : i / width] * slope.values()[i];
        });
      });
    });
  });
  return out;
}

}  // namespace

std::vector<double> rows_on_host(Context& context, const Tensor& matrix, int64_t rows) {
  std::vector<double> out;
  by_type(matrix, [&](auto type) {
    const tensor::OnHost<decltype(type)> on_host(context.arena.memory(), matrix, rows * matrix.cols());
    out.assign(on_host.values().begin(), on_host.values().end());
  });
  return out;
}

Tensor put_items(Context& context, const char* op, const Tensor& logits, std::span<const double> items,
                 std::span<const double> d_rows) {
  return put_scaled<false>(context, op, logits, logits.rows(), items, d_rows);
}

Tensor put_column_items(Context& context, const char* op, const Tensor& logits, std::span<const double> items,
                        std::span<const double> d_logits) {
  return put_scaled<true>(context, op, logits, logits.cols(), items, d_logits);
}

Tensor put_outer_items(Context& context, const char* op, const Tensor& logits, const Tensor& biases,
                       std::span<const double> items, std::span<const double> d_sums) {
  Tensor out = put(context, {logits.rows()}, items);
  if (!context.records(logits, biases)) return out;
  const Tensor kept = put(context, {logits.rows(), biases.cols()}, d_sums);
  out = context.tape->variable(out);
  context.tape->record(op, out, [logits, biases, kept](autograd::Tape& tape, Tensor d_items) {
    // Sums `kept` times what arrives at its row over rows (columns stay) or over columns (rows stay).
    const auto add_sums = [&](const Tensor& to, bool over_rows) {
      tape.add_gradient(to, [&](const Tensor& gradient) {
        tensor::Memory& memory = tape.kernels().memory();
        by_type(gradient, [&](auto type) {
          using T = decltype(type);
          const tensor::OnHost<T> arrived(memory, d_items), slope(memory, kept);
          const auto width = static_cast<size_t>(kept.cols());
          tensor::write_from_host<T>(memory, gradient, [&](std::span<T> d) {
            std::vector<double> sums(d.size());
            for (size_t i = 0; i < slope.values().size(); ++i)
              sums[over_rows ? i % width : i / width] +=
                  static_cast<double>(arrived.values()[i / width]) * static_cast<double>(slope.values()[i]);
            std::transform(sums.begin(), sums.end(), d.begin(), [](double sum) { return static_cast<T>(sum); });
          });
        });
      });
    };
    add_sums(logits, false);
    add_sums(biases, true);
  });
  return out;
}

Tensor ones(Context& context, int64_t count) {
  return put(context, {count}, std::vector<double>(static_cast<size_t>(count), 1.0));
}

}  // namespace attune::losses
