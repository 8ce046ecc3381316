#include "attune/ops/attention.h"

#include <cmath>

#include "attune/ops/dropout.h"

namespace attune::ops {

Tensor attention(Context& context, const Tensor& qkv, const tensor::PackedView& rows, const AttentionOptions& options) {
  const int64_t answers = options.kept ? options.kept->count : qkv.rows();
  const int64_t hidden = qkv.cols() / 3, head_size = hidden / options.heads;
  ATTUNE_CHECK(qkv.cols() == 3 * options.heads * head_size, "attention: {} columns for {} heads", qkv.cols(),
               options.heads);
  kernels::Attention forward{.qkv = qkv,
                             .offsets = rows.offsets,
                             .sequences = rows.sequences,
                             .query_rows = options.kept ? options.kept->rows : nullptr,
                             .query_offsets = options.kept ? options.kept->offsets : nullptr,
                             .heads = options.heads,
                             .scale = 1.0 / std::sqrt(static_cast<double>(head_size)),
                             .dropout = draws(context, options.dropout, options.stream, rows.keys),
                             .out = context.make({answers, hidden}, qkv.dtype),
                             .log_sum = {}};
  if (context.records(qkv)) forward.log_sum = context.make({answers, options.heads}, context.sums());
  context.kernels.attention(forward);
  if (!context.records(qkv)) return forward.out;

  const Tensor y = context.tape->variable(forward.out);
  context.tape->record("attention", y, [qkv, forward](Tape& tape, Tensor dy) {
    const auto d_qkv = tape.gradient_slot(qkv);
    if (!d_qkv.wanted()) return;
    ATTUNE_CHECK(!d_qkv.accumulate, "attention's input feeds another op as well");
    tape.kernels().attention_backward({.forward = forward, .d_out = dy, .d_qkv = d_qkv.tensor});
  });
  return y;
}

}  // namespace attune::ops
