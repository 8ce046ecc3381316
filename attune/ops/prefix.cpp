#include "attune/ops/prefix.h"

namespace attune::ops {

Tensor insert_prefix(Context& context, const Tensor& qkv, const Tensor& table, int64_t column, const int32_t* index,
                     int64_t rows) {
  Tensor y = context.make({rows, qkv.cols()}, qkv.dtype);
  context.kernels.insert_prefix({.x = qkv, .table = table, .column = column, .index = index, .y = y});
  if (!context.records(qkv, table)) return y;

  y = context.tape->variable(y);
  context.tape->record("insert_prefix", y, [qkv, table, column, index](Tape& tape, Tensor dy) {
    const Tensor d_table = tape.gradient_to_add_to(table);
    const auto back = [&](const Tensor& dx) {
      tape.kernels().insert_prefix_backward({.dy = dy, .column = column, .index = index, .dx = dx, .d_table = d_table});
    };
    if (!Tape::wants(qkv)) return back({});
    tape.add_gradient(qkv, back);
  });
  return y;
}

Tensor put_rows(Context& context, const Tensor& x, const Tensor& table, const PutRowsOptions& options) {
  ATTUNE_CHECK(!context.records(x), "rows are replaced in what has no gradient");
  kernels::PutRows put{.table = table,
                       .row = options.row,
                       .of = options.of,
                       .count = options.count,
                       .more0 = options.more0,
                       .more1 = options.more1,
                       .at0 = options.at0,
                       .at1 = options.at1,
                       .y = x};
  context.kernels.put_rows(put);
  if (!context.records(table)) return x;

  const Tensor y = context.tape->variable(x);
  context.tape->record("put_rows", y, [put, table](Tape& tape, Tensor dy) {
    const Tensor d_table = tape.gradient_to_add_to(table);
    if (!d_table.defined()) return;
    kernels::PutRows back = put;
    back.table = d_table, back.y = dy, back.more0 = back.more1 = {};
    tape.kernels().put_rows_backward(back);
  });
  return y;
}

}  // namespace attune::ops
