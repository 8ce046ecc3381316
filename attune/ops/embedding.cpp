#include "attune/ops/embedding.h"

#include <algorithm>

namespace attune::ops {

namespace {

// Adds to all elements of x, f32 or f64.
void add_on_host(tensor::Memory& memory, const Tensor& x, std::span<const double> more) {
  const std::vector<double> here = tensor::doubles_on_host(memory, x, x.count());
  ATTUNE_CHECK(here.size() == more.size(), "{} numbers to add to {}", more.size(), here.size());
  tensor::write_either_from_host(memory, x, [&](auto to) {
    using T = typename decltype(to)::value_type;
    for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(here[i] + more[i]);
  });
}

}  // namespace

Tensor embedding_sum(Context& context, std::span<const EmbeddingLookup> lookups, int64_t rows, int64_t counted) {
  ATTUNE_CHECK(!lookups.empty() && lookups.size() <= kernels::EmbeddingSum::kMaxTables, "{} tables", lookups.size());
  kernels::EmbeddingSum sum{};
  sum.tables = static_cast<int>(lookups.size());
  for (size_t t = 0; t < lookups.size(); ++t) sum.table[t] = lookups[t].table, sum.index[t] = lookups[t].index;
  sum.y = context.make({rows, lookups[0].table.cols()}, context.sums());
  sum.rows = counted;
  context.kernels.embedding_sum(sum);
  if (context.nudge && !context.nudge->added.empty()) add_on_host(context.arena.memory(), sum.y, context.nudge->added);
  const bool trained =
      std::any_of(lookups.begin(), lookups.end(), [&](const auto& l) { return context.records(l.table); });
  if (!trained) return sum.y;

  const Tensor y = context.tape->variable(sum.y);
  kernels::EmbeddingSum scattered = sum;
  for (size_t t = 0; t < lookups.size(); ++t)
    if (lookups[t].gradient_index) scattered.index[t] = lookups[t].gradient_index;
  context.tape->record("embedding_sum", y, [sum, scattered, nudge = context.nudge](Tape& tape, Tensor dy) {
    if (nudge && nudge->wants_gradient)
      nudge->gradient = tensor::doubles_on_host(tape.kernels().memory(), dy, dy.count());
    kernels::EmbeddingSum backward = scattered;
    backward.y = dy;
    for (int t = 0; t < sum.tables; ++t) backward.table[t] = tape.gradient_to_add_to(sum.table[t]);
    tape.kernels().embedding_sum_backward(backward);
  });
  return y;
}

}  // namespace attune::ops
