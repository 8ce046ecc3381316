#include "attune/losses/check/trial.h"

#include <algorithm>
#include <cmath>

#include "attune/kernels/kernels.h"
#include "attune/tensor/packed_rows.h"

namespace attune::losses {
namespace {

// What stands in rows beyond the items: it belongs to nothing and must not matter.
constexpr double kPadding = 7;

void put(const Tensor& t, int64_t i, double value) {
  if (t.dtype == tensor::DType::f64)
    t.as<double>()[i] = value;
  else
    t.as<float>()[i] = static_cast<float>(value);
}
double get(const Tensor& t, int64_t i) {
  return t.dtype == tensor::DType::f64 ? t.as<double>()[i] : static_cast<double>(t.as<float>()[i]);
}

// The loss's own parameters with the batch's values.
void prepare(nn::Parameters& parameters, Loss& loss, const Batch& batch, tensor::DType type) {
  loss.add_parameters(parameters);
  if (parameters.all().empty()) return;
  parameters.allocate(type);
  parameters.prepare_gradients();
  size_t at = 0;
  for (const auto& p : parameters.all())
    for (int64_t i = 0; i < p->value.count(); ++i, ++at) put(p->value, i, at < batch.own.size() ? batch.own[at] : 0);
}

}  // namespace

Outcome try_loss(Loss& loss, const Batch& batch, Precision precision, double progress) {
  const bool wide = precision == Precision::f64;
  const auto type = wide ? tensor::DType::f64 : tensor::DType::f32;
  const auto kernels = wide ? kernels::reference::make_kernels() : kernels::cpu::make_kernels(1);
  tensor::Arena arena;
  autograd::Tape tape(arena, *kernels);
  nn::Parameters parameters;
  prepare(parameters, loss, batch, type);
  parameters.begin_step();
  parameters.attach(tape);
  autograd::Context context{.kernels = *kernels, .arena = arena, .tape = &tape, .compute = type, .training = true};

  const int64_t n = batch.rows(), rows = tensor::rounded_rows(n);
  Tensor logits = arena.tensor({rows, batch.columns}, type);
  for (int64_t i = 0; i < logits.count(); ++i)
    put(logits, i, i < n * batch.columns ? batch.logits[static_cast<size_t>(i)] : kPadding);
  logits = tape.variable(logits);
  const LossTerm term = loss.evaluate(
      context, {.logits = logits, .hidden = {}, .features = logits, .targets = batch.targets, .progress = progress});

  Outcome out{.items = {}, .sum = term.sum, .denominator = term.denominator, .d_logits = {}, .d_own = {}};
  for (int64_t i = 0; i < term.items.count(); ++i) out.items.push_back(get(term.items, i));
  out.d_logits.assign(batch.logits.size(), 0);
  seed_backward(context, term, 1);
  tape.backward();
  if (const Tensor d = tape.gradient(logits); d.defined())
    for (int64_t i = 0; i < d.count(); ++i) {
      if (i < n * batch.columns)
        out.d_logits[static_cast<size_t>(i)] = get(d, i);
      else
        out.padding = std::max(out.padding, std::abs(get(d, i)));
    }
  for (const auto& p : parameters.all())
    for (int64_t i = 0; i < p->gradient.count(); ++i) out.d_own.push_back(p->state.started ? get(p->gradient, i) : 0);
  return out;
}

}  // namespace attune::losses
