#include "attune/losses/shared/host_items.h"

#include <algorithm>

#include "attune/losses/targets.h"

namespace attune::losses {
namespace {

// Each element of `kept` times what arrives at its item: the row's, or the column's.
template <bool columns>
Tensor put_scaled(Context& context, const char* op, const Tensor& logits, int64_t rows, std::span<const double> items,
                  std::span<const double> gradients) {
  Tensor out = tensor_of(context, {rows}, items);
  if (!wants_gradient(context, logits)) return out;
  const Tensor kept = tensor_of(context, logits.shape, gradients);
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
  return tensor::doubles_on_host(context.arena.memory(), matrix, rows * matrix.cols());
}

Tensor put_items(Context& context, const char* op, const Tensor& logits, std::span<const double> items,
                 std::span<const double> d_rows) {
  return put_scaled<false>(context, op, logits, logits.rows(), items, d_rows);
}

Tensor put_column_items(Context& context, const char* op, const Tensor& logits, std::span<const double> items,
                        std::span<const double> d_logits) {
  return put_scaled<true>(context, op, logits, logits.cols(), items, d_logits);
}

Tensor put_group_items(Context& context, const char* op, const Tensor& logits, const ItemsOfGroups& groups) {
  const auto m = static_cast<int64_t>(groups.items.size());
  Tensor out = numbers(context, groups.items);
  const Tensor& first = groups.own[0].parameter;
  const Tensor& second = groups.own[1].parameter;
  if (m == 0 || !context.records(logits, first, second)) return out;
  const Tensor rows = tensor_of(context, logits.shape, groups.d_rows);
  std::array<Tensor, 2> jacobians;
  for (size_t i = 0; i < 2; ++i)
    if (const Tensor& own = groups.own[i].parameter; own.defined())
      jacobians[i] = tensor_of(context, {m, own.count()}, groups.own[i].jacobian);
  const Tensor kept_rows = context.make({logits.rows()}, tensor::DType::i32);
  tensor::write_from_host<int32_t>(context.arena.memory(), kept_rows, [&](std::span<int32_t> to) {
    std::fill(std::copy(groups.item_of_row.begin(), groups.item_of_row.end(), to.begin()), to.end(), -1);
  });
  out = context.tape->variable(out);
  context.tape->record(
      op, out, [logits, first, second, rows, jacobians, kept_rows](autograd::Tape& tape, Tensor d_items) {
        tensor::Memory& memory = tape.kernels().memory();
        tape.add_gradient(logits, [&](const Tensor& d_logits) {
          by_type(d_logits, [&](auto type) {
            using T = decltype(type);
            const tensor::OnHost<T> arrived(memory, d_items), slope(memory, rows);
            const tensor::OnHost<int32_t> item(memory, kept_rows);
            const auto width = static_cast<size_t>(rows.cols());
            tensor::write_from_host<T>(memory, d_logits, [&](std::span<T> d) {
              for (size_t i = 0; i < d.size(); ++i) {
                const int32_t of = item.values()[i / width];
                d[i] = of < 0 ? T(0) : arrived.values()[static_cast<size_t>(of)] * slope.values()[i];
              }
            });
          });
        });
        for (const auto& pair : {std::pair{first, jacobians[0]}, std::pair{second, jacobians[1]}}) {
          const Tensor &parameter = pair.first, &jacobian = pair.second;  // (Clang 14 captures no structured binding)
          if (!parameter.defined()) continue;
          tape.add_gradient(parameter, [&](const Tensor& gradient) {
            by_type(gradient, [&](auto type) {
              using T = decltype(type);
              const tensor::OnHost<T> arrived(memory, d_items), slope(memory, jacobian);
              const auto width = static_cast<size_t>(jacobian.cols());
              tensor::write_from_host<T>(memory, gradient, [&](std::span<T> d) {
                std::vector<double> sums(width);
                for (size_t i = 0; i < slope.values().size(); ++i)
                  sums[i % width] +=
                      static_cast<double>(arrived.values()[i / width]) * static_cast<double>(slope.values()[i]);
                std::transform(sums.begin(), sums.end(), d.begin(), [](double sum) { return static_cast<T>(sum); });
              });
            });
          });
        }
      });
  return out;
}

Tensor numbers(Context& context, std::span<const double> values) {
  return tensor_of(context, {std::max<int64_t>(1, static_cast<int64_t>(values.size()))}, values);
}

}  // namespace attune::losses
