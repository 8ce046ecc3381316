#include "attune/ops/activation.h"

namespace attune::ops {

Tensor activation(Context& context, ActivationKind kind, const Tensor& x, bool last_use) {
  const bool recorded = context.records(x);
  Tensor y = last_use && !recorded ? x : context.make(x.shape, x.dtype);
  context.kernels.activation({.kind = kind, .x = x, .y = y});
  if (!recorded) return y;

  y = context.tape->variable(y);
  context.tape->record("activation", y, [kind, x](Tape& tape, Tensor dy) {
    tape.kernels().activation_backward({.kind = kind, .x = x, .dy = dy, .dx = dy});
    tape.pass_on(x);
  });
  return y;
}

}  // namespace attune::ops
