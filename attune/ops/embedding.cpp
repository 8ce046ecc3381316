#include "attune/ops/embedding.h"

#include <algorithm>

namespace attune::ops {

Tensor embedding_sum(Context& context, std::span<const EmbeddingLookup> lookups, int64_t rows, int64_t counted) {
  ATTUNE_CHECK(!lookups.empty() && lookups.size() <= kernels::EmbeddingSum::kMaxTables, "{} tables", lookups.size());
  kernels::EmbeddingSum sum{};
  sum.tables = static_cast<int>(lookups.size());
  for (size_t t = 0; t < lookups.size(); ++t) sum.table[t] = lookups[t].table, sum.index[t] = lookups[t].index;
  sum.y = context.make({rows, lookups[0].table.cols()}, context.sums());
  sum.rows = counted;
  context.kernels.embedding_sum(sum);
  const bool trained =
      std::any_of(lookups.begin(), lookups.end(), [&](const auto& l) { return context.records(l.table); });
  if (!trained) return sum.y;

  const Tensor y = context.tape->variable(sum.y);
  kernels::EmbeddingSum scattered = sum;
  for (size_t t = 0; t < lookups.size(); ++t)
    if (lookups[t].gradient_index) scattered.index[t] = lookups[t].gradient_index;
  context.tape->record("embedding_sum", y, [sum, scattered](Tape& tape, Tensor dy) {
    kernels::EmbeddingSum backward = scattered;
    backward.y = dy;
    for (int t = 0; t < sum.tables; ++t) backward.table[t] = tape.gradient_to_add_to(sum.table[t]);
    tape.kernels().embedding_sum_backward(backward);
  });
  return y;
}

}  // namespace attune::ops
