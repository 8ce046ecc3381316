#include "attune/ops/activation.h"

namespace attune::ops {

Tensor activation(Context& context, ActivationKind kind, const Tensor& x) {
  Tensor y = context.make(x.shape, x.dtype);
  context.kernels.activation({.kind = kind, .x = x, .y = y});
  if (!context.records(x)) return y;

  y = context.tape->variable(y);
  context.tape->record("activation", y, [kind, x](Tape& tape, Tensor dy) {
    const auto dx = tape.gradient_slot(x);
    if (!dx.wanted()) return;
    const Tensor out = dx.accumulate ? tape.arena().tensor(x.shape, x.dtype) : dx.tensor;
    tape.kernels().activation_backward({.kind = kind, .x = x, .dy = dy, .dx = out});
    if (dx.accumulate) tape.kernels().convert({.x = out, .y = dx.tensor, .accumulate = true});
  });
  return y;
}

}  // namespace attune::ops
