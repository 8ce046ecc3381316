#include "attune/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/base/suggest.h"

namespace attune::train {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int64_t steps_in_all(const TrainOptions& options, int64_t steps_per_epoch) {
  const auto by_epochs = static_cast<int64_t>(std::llround(options.epochs * static_cast<double>(steps_per_epoch)));
  return options.max_steps > 0 ? options.max_steps : std::max<int64_t>(1, by_epochs);
}

optim::Schedule schedule_of(const TrainOptions& options, int64_t total) {
  const double warmup = options.warmup < 1 ? std::ceil(options.warmup * static_cast<double>(total)) : options.warmup;
  return {.kind = optim::schedule_named(options.schedule),
          .warmup = std::min(total, static_cast<int64_t>(warmup)),
          .total = total};
}

std::unique_ptr<optim::Optimizer> prepared_optimizer(models::Model& model, const TrainOptions& options) {
  model.freeze_below(options.freeze_layers > 0   ? static_cast<int>(options.freeze_layers) + 1
                     : options.freeze_embeddings ? 1
                                                 : 0);
  model.parameters().prepare_gradients();
  return optim::make_optimizer(model.parameters(), options.optimizer);
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576.0;
}

}  // namespace

Trainer::Trainer(const TrainOptions& options, tasks::ModelBundle& bundle, const losses::Loss& loss,
                 kernels::Kernels& kernels, const Split& train, const Split* dev, Observer& observer)
    : options_(options),
      bundle_(bundle),
      loss_(loss),
      kernels_(kernels),
      train_(train),
      dev_(dev),
      observer_(observer),
      batches_(train, bundle.task->kind == tasks::TaskKind::tag,
               {.batch_size = options.batch_size,
                .micro_batch = loss.depends_on_batch() ? options.batch_size : options.micro_batch,
                .seed = options.seed,
                .shuffle = options.shuffle}),
      total_steps_(steps_in_all(options, batches_.steps_per_epoch())),
      best_metric_(options.best_metric.empty() ? std::string(metrics::default_best_metric(bundle.task->name))
                                               : options.best_metric),
      optimizer_(prepared_optimizer(*bundle.model, options)),
      step_(*bundle.model, loss, *optimizer_, kernels,
            {.peak_rate = options.lr,
             .clip = options.clip,
             .seed = options.seed,
             .schedule = schedule_of(options, total_steps_),
             .memory_limit = static_cast<size_t>(options.memory_limit * 1048576.0)}) {
  const auto known = metrics::metric_names(bundle.task->name);
  if (keeps_best() && best_metric_ != "loss" && std::find(known.begin(), known.end(), best_metric_) == known.end())
    fail(ErrorKind::usage, "--best-metric '{}' is not a metric of this task{}", best_metric_,
         did_you_mean(best_metric_, known));
}

void Trainer::check_memory() {
  if (options_.memory_limit == 0) return;
  // A part of the micro-batch is measured where the whole is large; activations grow with tokens.
  constexpr int64_t kMeasuredTokens = 2048;
  const std::vector<int32_t> rows = batches_.largest();
  int64_t tokens = 0, measured_tokens = 0;
  size_t measured = 0;
  for (const int32_t row : rows) {
    tokens += tokens_of(train_, row);
    if (measured == 0 || tokens <= kMeasuredTokens) ++measured, measured_tokens = tokens;
  }
  tasks::Batch batch;
  fill_batch(batch, train_, std::span(rows).first(measured), bundle_.task->kind == tasks::TaskKind::tag);
  const double needed = static_cast<double>(step_.measure(batch)) * static_cast<double>(tokens) /
                        static_cast<double>(measured_tokens) / 1048576.0;
  if (needed > options_.memory_limit)
    fail(ErrorKind::memory,
         "a step's activations need {:.1f} MiB ({} rows, {} tokens at once); --memory-limit allows {:.1f} MiB. Raise "
         "it, or give a smaller --micro-batch or --max-length",
         std::ceil(needed * 10) / 10, rows.size(), tokens, options_.memory_limit);
}

RunPlan Trainer::plan(int64_t tokens_afterwards) {
  check_memory();
  RunPlan plan;
  plan.rows = train_.rows();
  plan.steps = total_steps_;
  plan.epochs = static_cast<double>(total_steps_) / static_cast<double>(steps_per_epoch());
  const int64_t epoch_tokens = tokens_of(train_), dev_tokens = dev_ ? tokens_of(*dev_) : 0;
  plan.tokens = static_cast<int64_t>(static_cast<double>(epoch_tokens) * plan.epochs);
  plan.parameters = bundle_.model->parameters().count();
  plan.trainable = bundle_.model->parameters().trainable_count();

  // The first passes pay for memory and for making matrix products; the quickest of the others is what a token costs.
  constexpr int64_t kPasses = 5, kWarmPasses = 2;
  double per_token = 0;
  for (int64_t pass = 0; pass < kPasses; ++pass) {
    const auto micro = batches_.at(pass % total_steps_);
    int64_t tokens = 0;
    for (const auto& batch : micro) tokens += batch.rows.tokens();
    const auto start = Clock::now();
    step_.rehearse(micro, pass);
    const double seconds = seconds_since(start) / static_cast<double>(std::max<int64_t>(1, tokens));
    if (pass >= kWarmPasses) per_token = per_token == 0 ? seconds : std::min(per_token, seconds);
  }
  constexpr double kUpdateSecondsPerParameter = 0.6e-9;  // one pass over weights, gradients and moments at memory speed
  constexpr double kForwardShare = 0.35;                 // of a pass forward and back
  const double evaluations =
      dev_ ? (options_.eval_every > 0 ? static_cast<double>(total_steps_ / options_.eval_every) : plan.epochs) + 1 : 0;
  const double forward_tokens = evaluations * static_cast<double>(dev_tokens) + static_cast<double>(tokens_afterwards);
  plan.seconds = per_token * (static_cast<double>(plan.tokens) + kForwardShare * forward_tokens) +
                 static_cast<double>(plan.trainable * total_steps_) * kUpdateSecondsPerParameter;
  // Moments are not touched yet; everything else is resident by now.
  plan.memory_mib = resident_mib() + static_cast<double>(plan.trainable) * 8 / 1048576.0;
  return plan;
}

void Trainer::resume(const nlohmann::json& identity) {
  const auto checkpoint = newest_checkpoint(options_.out);
  if (!checkpoint) return observer_.note("no checkpoint yet: starting from the beginning");
  state_ = load_checkpoint(*checkpoint, *bundle_.model, *optimizer_, identity);
  observer_.note(fmt::format("resuming after step {} of {}", state_.step, total_steps_));
}

bool Trainer::evaluation_due() const {
  if (!dev_) return false;
  if (options_.eval_every > 0) return due(options_.eval_every) || (keeps_best() && state_.step == total_steps_);
  return due(steps_per_epoch()) || (keeps_best() && state_.step == total_steps_);
}

Outcome Trainer::run(const nlohmann::json& identity) {
  Outcome outcome;
  log_ = std::make_unique<MetricsLog>(fs::path(options_.out) / "metrics.jsonl", state_.log_bytes);
  while (state_.step < total_steps_ && !state_.stopped_early) {
    const auto start = Clock::now();
    StepReport report;
    try {
      report = step_.run(batches_.at(state_.step), state_.step);
    } catch (Error& error) {
      if (error.kind() == ErrorKind::numeric)
        error.add("training rows in this step: " + batches_.places_of(state_.step));
      if (state_.step > 0)
        save(identity), error.add(fmt::format("the state after step {} is kept in {}", state_.step,
                                              newest_checkpoint(options_.out)->string()));
      throw;
    }
    const double seconds = seconds_since(start);
    state_.seconds += seconds;
    ++state_.step;
    log_step(report, seconds);
    if (evaluation_due()) evaluate_dev();
    const bool stop = observer_.stop_requested() && state_.step < total_steps_;
    if (stop || due(options_.save_every)) save(identity);
    if (stop) {
      outcome.interrupted = true;
      break;
    }
  }
  if (!outcome.interrupted && keeps_best() && state_.best_step >= 0) load_best(options_.out, *bundle_.model);
  outcome.state = state_;
  return outcome;
}

void Trainer::save(const nlohmann::json& identity) {
  state_.log_bytes = log_->bytes();
  with_context(
      [&] { return way_on(options_.out); },
      [&] { save_checkpoint(options_.out, *bundle_.model, *optimizer_, state_, identity, options_.keep_checkpoints); });
}

void Trainer::log(const nlohmann::ordered_json& line) {
  with_context([&] { return way_on(options_.out); }, [&] { log_->write(line); });
}

void Trainer::log_step(const StepReport& report, double step_seconds) {
  state_.tokens += report.tokens;
  if (!report.skipped) state_.loss_sum += report.loss, ++state_.loss_steps;
  window_tokens_ += report.tokens;
  window_examples_ += batches_.rows_of(state_.step - 1);
  window_seconds_ += step_seconds;
  ++window_steps_;
  smooth_ms_ = smooth_ms_ == 0 ? step_seconds * 1e3 : 0.95 * smooth_ms_ + 0.05 * step_seconds * 1e3;
  const double loss = state_.loss_steps > 0 ? state_.loss_sum / static_cast<double>(state_.loss_steps) : 0;
  const double ms = window_seconds_ * 1e3 / static_cast<double>(window_steps_);
  observer_.progressed({.step = state_.step,
                        .steps = total_steps_,
                        .epoch = epoch(),
                        .loss = loss,
                        .rate = report.rate,
                        .gradient_norm = report.gradient_norm,
                        .ms_per_step = ms,
                        .examples_per_second = static_cast<double>(window_examples_) / window_seconds_,
                        .tokens_per_second = static_cast<double>(window_tokens_) / window_seconds_,
                        .seconds_left = smooth_ms_ * 1e-3 * static_cast<double>(total_steps_ - state_.step)});
  if (!due(options_.log_every) && state_.step != total_steps_) return;
  log({{"step", state_.step},
       {"epoch", epoch()},
       {"loss", loss},
       {"lr", report.rate},
       {"grad_norm", report.gradient_norm},
       {"ms_per_step", ms},
       {"tokens_per_second", static_cast<double>(window_tokens_) / window_seconds_}});
  state_.loss_sum = 0, state_.loss_steps = 0;
  window_tokens_ = window_examples_ = window_steps_ = 0;
  window_seconds_ = 0;
}

void Trainer::evaluate_dev() {
  const auto evaluation = evaluate(bundle_, kernels_, *dev_, loss_,
                                   {.batch_size = options_.eval_batch_size, .scorer = {.decoding = bundle_.decoding}});
  const double value = evaluation->scores.value(best_metric_);
  const bool better = state_.best_step < 0 || metrics::is_better(best_metric_, value, state_.best);
  if (better)
    state_.best = std::isnan(value) ? 0 : value, state_.best_step = state_.step, state_.without_better = 0;
  else
    ++state_.without_better;
  if (better && keeps_best())
    with_context([&] { return way_on(options_.out); }, [&] { save_best(options_.out, *bundle_.model); });
  nlohmann::ordered_json line{{"step", state_.step}, {"epoch", epoch()}, {"split", "dev"}};
  const nlohmann::json scores = metrics::to_json(evaluation->scores);
  for (const auto& [name, score] : scores.items()) line[name] = score;
  log(line);
  observer_.evaluated(state_.step, epoch(), "dev", evaluation->scores, better && keeps_best());
  if (options_.early_stopping > 0 && state_.without_better >= options_.early_stopping) {
    state_.stopped_early = true;
    observer_.note(fmt::format("stopping early: {} did not get better in {} evaluations; best {:.4f} at step {}",
                               best_metric_, options_.early_stopping, state_.best, state_.best_step));
  }
}

}  // namespace attune::train
