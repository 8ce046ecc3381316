// Losses are computed on the host, in f64, from logits copied out of the model's device (in place where that is the
// host): a batch's logits are a few kilobytes, and a formula is then written once, for every device. What stands on the
// tape is one op: its items, and the gradient of each by its own row of logits.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "attune/losses/loss.h"

namespace attune::losses {

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

// Items of the sums score_i + bias_k: logits [n, 1], biases [1, M], items [n] and d_sums [n, M].
Tensor put_outer_items(Context& context, const char* op, const Tensor& logits, const Tensor& biases,
                       std::span<const double> items, std::span<const double> d_sums);

// A tensor [count] of ones of the run's summing type: weights of items that are not rows.
Tensor ones(Context& context, int64_t count);

}  // namespace attune::losses
