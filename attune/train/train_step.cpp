#include "attune/train/train_step.h"

#include <algorithm>
#include <cmath>

#include "attune/optim/clipping.h"
#include "attune/train/strategies/make_strategy.h"

namespace attune::train {

TrainStep::TrainStep(models::Model& model, const losses::Objective& loss, optim::Optimizer& optimizer,
                     kernels::Kernels& kernels, const Options& options)
    : model_(model),
      loss_(loss),
      optimizer_(optimizer),
      kernels_(kernels),
      options_(options),
      strategy_(make_strategy(loss.strategy())),
      arena_(kernels.memory()),
      passing_(kernels.memory()),
      tape_(arena_, kernels),
      term_gradients_(kernels) {
  strategy_->begin(model, kernels);
}

StepReport TrainStep::run(std::span<const tasks::Batch> micro_batches, int64_t step) {
  StepReport report;
  const losses::PerTerm<double> denominators = denominators_of(micro_batches, step);
  for (const auto& batch : micro_batches) report.tokens += batch.rows.tokens();
  report.rate = options_.peak_rate * options_.schedule.factor(step);
  if (std::all_of(denominators.begin(), denominators.end(), [](double d) { return d == 0; })) {
    report.skipped = true;
    return report;
  }

  nn::Parameters& parameters = model_.parameters();
  begin(micro_batches);
  optimizer_.catch_up(kernels_);
  const bool looks = loss_.terms().size() > 1 && step % kStepsALook == 0 && !gathers(micro_batches);
  if (looks) term_gradients_.begin(loss_.terms().size());
  report.loss = forward_backward(micro_batches, step, denominators, looks, options_.row_costs ? &report.rows : nullptr);
  if (looks) report.notes = opposition_.look(term_gradients_, loss_, step);

  if (!checked_) parameters.check_gradients_arrived();
  checked_ = true;
  clear_silent_gradients();
  report.loss += strategy_->finish(model_, kernels_);
  peft::TrainingHook* const hook = model_.training_hook();
  if (hook) report.loss += hook->add_gradients(kernels_.memory());
  report.gradient_norm = optim::gradient_norm(parameters, kernels_);
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm))
    fail(ErrorKind::numeric,
         "step {}: the loss is {} and the gradient norm {}; the weights were left as they were before this step. A "
         "lower --lr, more "
         "--warmup, --clip, or --precision f32 usually helps; look at the step's rows too",
         step + 1, report.loss, std::abs(report.gradient_norm));
  optimizer_.step(kernels_, report.rate, optim::clip_factor(report.gradient_norm, options_.clip), step + 1);
  if (hook) hook->after_update(kernels_.memory(), step + 1, options_.schedule.total);
  loss_.commit();
  return report;
}

void TrainStep::rehearse(std::span<const tasks::Batch> micro_batches, int64_t step) {
  begin(micro_batches);
  forward_backward(micro_batches, step, losses::PerTerm<double>(loss_.terms().size(), 1.0));
}

// Numbers the words that the step reads, where their gradients are held by touched rows.
void TrainStep::begin(std::span<const tasks::Batch> micro_batches) {
  nn::Parameters& parameters = model_.parameters();
  parameters.begin_step();
  loss_.begin_step();
  if (slots_.size() < micro_batches.size()) slots_.resize(micro_batches.size());
  const auto tables = parameters.tables_by_rows();
  ATTUNE_CHECK(tables.size() <= 1, "{} tables read by rows; a batch has ids for one", tables.size());
  for (nn::Parameter* const words : tables) {
    touched_.begin(words->shape.rows());
    for (size_t i = 0; i < micro_batches.size(); ++i) {
      const tensor::PackedRows& rows = micro_batches[i].rows;
      touched_.number(std::span(rows.ids).first(static_cast<size_t>(rows.tokens())), slots_[i]);
    }
    parameters.touch(*words, touched_.rows());
  }
}

size_t TrainStep::measure(const tasks::Batch& batch) {
  rehearse({&batch, 1}, 0);
  return peak_bytes();
}

void TrainStep::limit_memory(size_t bytes) {
  const size_t scratch = peak_bytes() - arena_.peak();
  arena_.set_limit(bytes > scratch ? bytes - scratch : bytes);
}

double TrainStep::forward_backward(std::span<const tasks::Batch> micro_batches, int64_t step,
                                   const losses::PerTerm<double>& denominators, bool looks_at_terms,
                                   std::vector<RowCost>* costs) {
  if (gathers(micro_batches)) return gathered_forward_backward(micro_batches, step, denominators);
  double objective = 0;
  for (size_t i = 0; i < micro_batches.size(); ++i)
    objective += run_micro_batch(micro_batches[i], slots_[i], step, denominators, looks_at_terms, costs);
  return objective;
}

double TrainStep::run_micro_batch(const tasks::Batch& batch, std::span<const int32_t> slots, int64_t step,
                                  const losses::PerTerm<double>& denominators, bool looks_at_terms,
                                  std::vector<RowCost>* costs) {
  if (batch.read_count == 0) return 0;  // sentences of which no word has a piece: nothing to learn from
  autograd::Context context = recording(step);
  context.slots = context.on_device(slots);
  models::ModelOutput output;
  const MicroBatch micro{.context = context,
                         .model = model_,
                         .loss = loss_,
                         .batch = batch,
                         .denominators = denominators,
                         .progress = progress(step),
                         .costs = costs,
                         .output = looks_at_terms ? &output : nullptr};
  const double objective = strategy_->run(micro);
  if (looks_at_terms) term_gradients_.add(micro, output);
  return objective;
}

// A fresh recording of this step.
autograd::Context TrainStep::recording(int64_t step) {
  arena_.reset();
  tape_.clear();
  model_.parameters().attach(tape_);
  return {.kernels = kernels_,
          .arena = arena_,
          .tape = &tape_,
          .compute = model_.compute(),
          .training = true,
          .random = {.seed = options_.seed, .step = static_cast<uint64_t>(step)},
          .passing = &passing_};
}

double TrainStep::gathered_forward_backward(std::span<const tasks::Batch> micro_batches, int64_t step,
                                            const losses::PerTerm<double>& denominators) {
  const auto forward = [&](autograd::Context& context, size_t i) {
    context.slots = context.on_device(std::span<const int32_t>(slots_[i]));
    return model_.forward(context, micro_batches[i].rows, micro_batches[i].head());
  };
  gathered_.clear();
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    autograd::Context context = recording(step);
    context.tape = nullptr;
    gathered_.add(context, forward(context, i), micro_batches[i]);
  }
  double total = 0;
  {
    autograd::Context context = recording(step);
    const losses::LossInput input = gathered_.input(context, progress(step));
    const losses::ObjectiveValue value = loss_.evaluate(context, input);
    loss_.seed_backward(context, value, denominators);
    tape_.backward();
    gathered_.keep_gradients(context, input);
    total = loss_.total(value, denominators);
  }
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    autograd::Context context = recording(step);
    gathered_.seed(context, forward(context, i), i);
    tape_.backward();
  }
  return total;
}

bool TrainStep::gathers(std::span<const tasks::Batch> micro_batches) const {
  return micro_batches.size() > 1 && loss_.depends_on_batch();
}

losses::PerTerm<double> TrainStep::denominators_of(std::span<const tasks::Batch> micro_batches, int64_t step) const {
  if (gathers(micro_batches)) return loss_.denominators(merged_targets(micro_batches), progress(step));
  losses::PerTerm<double> denominators(loss_.terms().size());
  for (const auto& batch : micro_batches) {
    const auto own = loss_.denominators(batch.targets, progress(step));
    for (size_t t = 0; t < own.size(); ++t) denominators[t] += own[t];
  }
  return denominators;
}

double TrainStep::progress(int64_t step) const {
  return static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, options_.schedule.total));
}

// A parameter that nothing of this step's rows reached must not be updated with an older step's gradient.
void TrainStep::clear_silent_gradients() {
  for (const auto& p : model_.parameters().all())
    if (p->trainable && !p->state.started) kernels_.fill({.y = p->gradient, .value = 0});
}

}  // namespace attune::train
