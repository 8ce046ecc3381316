#include "attune/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/train/clock.h"
#include "attune/train/event_json.h"
#include "attune/train/head_start.h"
#include "attune/train/run_tracking.h"

namespace attune::train {
namespace {

int64_t steps_in_all(const TrainOptions& options, int64_t steps_per_epoch) {
  if (options.max_steps == 0 && !(options.epochs > 0))
    fail(ErrorKind::usage, "--epochs {} trains nothing; give a number above 0 (0.5: half the rows), or --max-steps N",
         options.epochs);
  const auto by_epochs = static_cast<int64_t>(std::llround(options.epochs * static_cast<double>(steps_per_epoch)));
  return options.max_steps > 0 ? options.max_steps : std::max<int64_t>(1, by_epochs);
}

optim::Schedule schedule_of(const TrainOptions& options, int64_t total) {
  const double warmup = options.warmup < 1 ? std::ceil(options.warmup * static_cast<double>(total)) : options.warmup;
  return {.kind = optim::schedule_named(options.schedule), .warmup = static_cast<int64_t>(warmup), .total = total};
}

void freeze(models::Model& model, const TrainOptions& options) {
  const int64_t layers = model.config().layers;
  if (model.adapter()) {
    if (options.freeze_embeddings || options.freeze_layers > 0 || options.cache_frozen)
      fail(
          ErrorKind::usage,
          "--{}: with an adapter the model's own parameters are frozen as it is; leave the option out, or choose where "
          "the adapter stands by its targets",
          options.cache_frozen        ? "cache-frozen"
          : options.freeze_layers > 0 ? "freeze-layers"
                                      : "freeze-embeddings");
    return model.train_adapter();
  }
  if (options.freeze_layers > layers)
    fail(ErrorKind::usage, "--freeze-layers is {}; the model has {} layers", options.freeze_layers, layers);
  model.freeze_below(options.freeze_layers > 0   ? static_cast<int>(options.freeze_layers) + 1
                     : options.freeze_embeddings ? 1
                                                 : 0);
  if (options.cache_frozen && options.freeze_layers == 0)
    fail(ErrorKind::usage, "--cache-frozen keeps what frozen layers give; say how many: --freeze-layers N, of {}",
         layers);
  if (options.cache_frozen) model.keep_states_below(options.freeze_layers);
}

std::unique_ptr<optim::Optimizer> prepared_optimizer(models::Model& model, const TrainOptions& options,
                                                     bool whole_tables) {
  freeze(model, options);
  model.parameters().prepare_gradients(whole_tables ? nn::TableGradients::all_rows
                                                    : optim::table_gradients(options.optimizer));
  return optim::make_optimizer(model.parameters(), options.optimizer);
}

bool all_finite(const nn::Parameters& parameters) {
  return std::all_of(parameters.all().begin(), parameters.all().end(), [&](const auto& p) {
    if (!p->trainable) return true;  // as it was opened
    const tensor::OnHost<float> on_host(parameters.memory(), p->value);
    const auto values = on_host.values();
    return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  });
}

}  // namespace

Trainer::Trainer(const TrainOptions& options, tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& train,
                 const Split* dev, Observer& observer)
    : options_(options),
      bundle_(bundle),
      kernels_(kernels),
      train_(train),
      dev_(dev),
      observer_(observer),
      batches_(train, bundle.task->kind == tasks::TaskKind::tag,
               {.batch_size = options.batch_size,
                .micro_batch = bundle.loss.depends_on_batch() && !bundle.loss.can_be_gathered() ? options.batch_size
                                                                                                : options.micro_batch,
                .seed = options.seed,
                .shuffle = options.shuffle}),
      total_steps_(steps_in_all(options, batches_.steps_per_epoch())),
      best_metric_(best_metric_of(options, bundle, dev)),
      optimizer_(prepared_optimizer(*bundle.model, options,
                                    std::holds_alternative<losses::L2SpOptions>(bundle.loss.strategy()))),
      step_(*bundle.model, bundle.loss, *optimizer_, kernels,
            {.peak_rate = options.lr,
             .clip = options.clip,
             .seed = options.seed,
             .schedule = schedule_of(options, total_steps_),
             .row_costs = options.per_example}) {
  // A loss that sees the whole step costs a second pass where that runs in parts: only long steps should.
  if (bundle.loss.depends_on_batch()) batches_.set_token_budget(4 * kTokenBudget);
}

void Trainer::resume(const nlohmann::json& identity) {
  const auto checkpoint = newest_checkpoint(options_.out);
  if (!checkpoint) return observer_.note("no checkpoint yet: starting from the beginning");
  state_ = load_checkpoint(*checkpoint, *bundle_.model, *optimizer_, bundle_.loss, identity);
  learned_ = state_.skipped_steps < state_.step;
  if (state_.token_budget > 0) batches_.set_token_budget(state_.token_budget);
  observer_.note(fmt::format("resuming after step {} of {}", state_.step, total_steps_));
}

bool Trainer::look_due() const {
  return state_.step == total_steps_ || due(options_.eval_every > 0 ? options_.eval_every : steps_per_epoch());
}

Outcome Trainer::run(const nlohmann::json& identity) {
  Outcome outcome;
  state_.token_budget = batches_.token_budget();
  log_ = std::make_unique<MetricsLog>(fs::path(options_.out) / "metrics.jsonl", state_.log_bytes);
  if (options_.per_example)
    row_log_ = std::make_unique<MetricsLog>(fs::path(options_.out) / "per_example.jsonl", state_.row_bytes);
  if (at_the_start() && wants_head_start(options_) && !begin_with_linear_head())
    return {.state = state_, .interrupted = true};
  bool saved = state_.step == total_steps_ || state_.stopped_early;
  while (state_.step < total_steps_ && !state_.stopped_early) {
    const auto start = Clock::now();
    StepReport report;
    try {
      report = take_step();
    } catch (Error& error) {
      if (error.kind() == ErrorKind::numeric) keep_last_good(error, identity);
      throw;
    }
    const double seconds = seconds_since(start);
    state_.seconds += seconds;
    ++state_.step;
    check_learning(report);
    for (const auto& note : report.notes) observer_.note(note);
    log_step(report, seconds);
    log_rows(report);
    if (look_due()) look();
    outcome.interrupted = observer_.stop_requested();
    saved = due(options_.save_every);
    if (saved || (outcome.interrupted && state_.step < total_steps_)) save(identity), saved = true;
    if (outcome.interrupted) break;
  }
  if (!saved) save(identity, /*last=*/true);
  if (state_.skipped_steps > 0)
    observer_.note(
        fmt::format("{} of {} steps had no row with a target that counts (ignored, or of weight 0): nothing was "
                    "learned in them",
                    state_.skipped_steps, state_.step));
  if (!outcome.interrupted && best_is_kept() && state_.best_step >= 0) load_best(options_.out, *bundle_.model);
  outcome.state = state_;
  return outcome;
}

StepReport Trainer::take_step() {
  if (!profiler_) return step_.run(batches_.at(state_.step), state_.step);
  profiler_->begin_step(state_.step);
  const auto batches = batches_.at(state_.step);
  profiler_->batches_ready();
  const StepReport report = step_.run(batches, state_.step);
  profiler_->end_step(report.tokens, report.skipped);
  return report;
}

bool Trainer::begin_with_linear_head() {
  observer_.note("fitting the last layer on the untrained encoder (--head-start linear)");
  const auto start = Clock::now();
  const auto head = start_head(bundle_, kernels_, train_,
                               {.seed = options_.seed, .token_budget = batches_.token_budget(), .stop = [&] {
                                  return observer_.stop_requested();
                                }});
  if (!head) return false;
  state_.head_start_seconds = seconds_since(start);
  if (head->rows > 0)
    observer_.note(fmt::format("the last layer begins as a logistic regression of {} {}, C = {}, {:.1f} s", head->rows,
                               bundle_.task->kind == tasks::TaskKind::tag ? "words" : "rows", head->c,
                               state_.head_start_seconds));
  return true;
}

// The weights are as before the step; where the step before it was one too far they are not finite any more.
void Trainer::keep_last_good(Error& error, const nlohmann::json& identity) {
  error.add("training rows in this step: " + batches_.places_of(state_.step));
  const auto checkpoint = newest_checkpoint(options_.out);
  step_.settle();
  if (!all_finite(bundle_.model->parameters())) {
    error.add(checkpoint
                  ? fmt::format("the weights after step {} are not finite; the newest checkpoint is {}", state_.step,
                                checkpoint->string())
                  : fmt::format("the weights after step {} are not finite, and --save-every kept none", state_.step));
    return;
  }
  if (state_.step == 0) return;
  const fs::path model = fs::path(options_.out) / "last-good";
  try {
    save(identity);
    error.add(
        fmt::format("the state after step {} is kept in {}", state_.step, newest_checkpoint(options_.out)->string()));
    AtomicFolder folder(model);
    tasks::save_bundle(bundle_, folder.path(), {{"attune", "0.1.0"}});
    folder.commit();
    error.add(fmt::format("as a model it stands in {}", model.string()));
  } catch (const Error& another) {  // the first one is what the user must know
    error.add(fmt::format("no model is kept of it: {}", another.what()));
  }
}

void Trainer::check_learning(const StepReport& report) {
  state_.skipped_steps += report.skipped;
  learned_ = learned_ || !report.skipped;
  if (!learned_ && (state_.step == steps_per_epoch() || state_.step == total_steps_))
    fail(ErrorKind::input,
         "{} steps over all training rows found no target that counts: every label is ignored or has weight 0; look at "
         "--class-weights and --weight",
         state_.step);
}

void Trainer::save(const nlohmann::json& identity, bool last) {
  step_.settle();
  log_->sync();
  if (tracking_) tracking_->mark(state_.step);
  state_.log_bytes = log_->bytes();
  if (row_log_) row_log_->sync(), state_.row_bytes = row_log_->bytes();
  with_context([&] { return way_on(options_.out); },
               [&] {
                 save_checkpoint(options_.out, *bundle_.model, last ? nullptr : optimizer_.get(), bundle_.loss, state_,
                                 identity, options_.keep_checkpoints);
               });
}

void Trainer::log(const nlohmann::ordered_json& line) {
  with_context([&] { return way_on(options_.out); }, [&] { log_->write(line); });
}

void Trainer::log_rows(const StepReport& report) {
  if (!row_log_) return;
  const auto write = [&] {
    for (const RowCost& row : report.rows)
      row_log_->write({{"epoch", (state_.step - 1) / steps_per_epoch() + 1},
                       {"step", state_.step},
                       {"row", train_.data.describe(train_.data.examples.view(static_cast<size_t>(row.row)).origin)},
                       {"loss", row.cost}});
  };
  with_context([&] { return way_on(options_.out); }, write);
}

void Trainer::log_step(const StepReport& report, double step_seconds) {
  state_.tokens += report.tokens;
  if (!report.skipped) state_.loss_sum += report.loss, ++state_.loss_steps;
  window_tokens_ += report.tokens;
  window_examples_ += batches_.rows_of(state_.step - 1);
  window_seconds_ += step_seconds;
  ++window_steps_;
  smooth_ms_ = smooth_ms_ == 0 ? step_seconds * 1e3 : 0.95 * smooth_ms_ + 0.05 * step_seconds * 1e3;
  const double loss =
      state_.loss_steps > 0 ? state_.loss_sum / static_cast<double>(state_.loss_steps) : metrics::kUndefined;
  const Progress progress{.step = state_.step,
                          .steps = total_steps_,
                          .epoch = epoch(),
                          .loss = loss,
                          .rate = report.rate,
                          .gradient_norm = report.gradient_norm,
                          .ms_per_step = window_seconds_ * 1e3 / static_cast<double>(window_steps_),
                          .examples_per_second = static_cast<double>(window_examples_) / window_seconds_,
                          .tokens_per_second = static_cast<double>(window_tokens_) / window_seconds_,
                          .seconds_left = smooth_ms_ * 1e-3 * static_cast<double>(total_steps_ - state_.step)};
  observer_.progressed(progress);
  if (!due(options_.log_every) && state_.step != total_steps_) return;
  log(progress_json(progress));
  if (tracking_) tracking_->logged(progress, report.skipped ? nullptr : &bundle_.model->parameters());
  state_.loss_sum = 0, state_.loss_steps = 0;
  window_tokens_ = window_examples_ = window_steps_ = 0;
  window_seconds_ = 0;
}

void Trainer::look() {
  if (dev_ || tracking_) step_.settle();
  if (tracking_) tracking_->parameters(state_.step, bundle_.model->parameters());
  if (dev_) evaluate_dev();
}

void Trainer::evaluate_dev() {
  std::optional<SplitCurves> curves;
  if (tracking_) curves.emplace(*dev_, bundle_);
  const auto evaluation = evaluate(bundle_, kernels_, *dev_,
                                   {.batch_size = options_.eval_batch_size,
                                    .scorer = {.decoding = bundle_.decoding},
                                    .see = curves ? curves->see() : SeeRow{}});
  if (tracking_) tracking_->evaluated(state_.step, *evaluation, *curves);
  const double value = evaluation->scores.value(best_metric_);
  const bool better =
      !std::isnan(value) && (state_.best_step < 0 || metrics::is_better(best_metric_, value, state_.best));
  if (better)
    state_.best = value, state_.best_step = state_.step, state_.without_better = 0;
  else
    ++state_.without_better;
  if (better && best_is_kept())
    with_context([&] { return way_on(options_.out); }, [&] { save_best(options_.out, *bundle_.model); });
  nlohmann::ordered_json line{{"step", state_.step}, {"epoch", epoch()}, {"split", "dev"}};
  const nlohmann::json scores = metrics::to_json(evaluation->scores);
  for (const auto& [name, score] : scores.items()) line[name] = score;
  log(line);
  observer_.evaluated(state_.step, epoch(), "dev", evaluation->scores, better && best_is_kept());
  if (options_.early_stopping > 0 && state_.without_better >= options_.early_stopping) {
    state_.stopped_early = true;
    observer_.note(fmt::format("stopping early: {} did not get better in {} evaluations; best {:.4f} at step {}",
                               best_metric_, options_.early_stopping, state_.best, state_.best_step));
  }
}

}  // namespace attune::train
