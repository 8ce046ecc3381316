// Losses are computed on the host, in f64, from logits copied out of the model's device (in place where that is the
// host): a batch's logits are a few kilobytes, and a formula is then written once, for every device. What stands on the
// tape is one op: its items, and the gradient of each by its own row of logits.
#pragma once
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "attune/losses/loss.h"

namespace attune::losses {

// Calls body(type) with a value of the type of the tensor's elements, which are f32 or f64.
template <class Body>
void by_type(const Tensor& tensor, const Body& body) {
  if (tensor.dtype == tensor::DType::f64)
    body(double{});
  else
    body(float{});
}

// The first `rows` rows of a matrix of the run's summing type, in f64.
std::vector<double> rows_on_host(Context& context, const Tensor& matrix, int64_t rows);

// Whether gradients by `logits` will be asked for.
inline bool wants_gradient(const Context& context, const Tensor& logits) {
  return context.records(logits);
}

// items [n] and d_rows [n, P] (d item_i / d logits_i; empty where no gradient is wanted) on the tape. The tensor has as
// many rows as the logits; those from n on are 0. `op`: a name that outlives the tape.
Tensor put_items(Context& context, const char* op, const Tensor& logits, std::span<const double> items,
                 std::span<const double> d_rows);

// Items that are the logits' columns (what a label costs over a whole batch): items [P], and d_logits [n, P], of which
// column c holds d item_c / d logits. The tensor has P rows.
Tensor put_column_items(Context& context, const char* op, const Tensor& logits, std::span<const double> items,
                        std::span<const double> d_logits);

// What items have of a parameter of the loss's own: jacobian [m, size].
struct OwnGradient {
  Tensor parameter;
  std::span<const double> jacobian;
};
// Items of groups of rows (a sentence's words), and what they have of the loss's own parameters.
struct ItemsOfGroups {
  std::vector<double> items;         // [m]
  std::vector<int32_t> item_of_row;  // [n]; below 0: of none
  std::vector<double> d_rows;        // [n, P] of the row's item
  std::array<OwnGradient, 2> own = {};
};
// The tensor has m rows, at least one.
Tensor put_group_items(Context& context, const char* op, const Tensor& logits, const ItemsOfGroups& groups);

// A vector of the run's summing type; of nothing, a single 0.
Tensor numbers(Context& context, std::span<const double> values);

}  // namespace attune::losses
