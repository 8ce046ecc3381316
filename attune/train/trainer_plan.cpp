// What a run will take, known before it starts: memory and time.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <unistd.h>

#include "attune/train/clock.h"
#include "attune/train/head_start.h"
#include "attune/train/trainer.h"

namespace attune::train {
namespace {

constexpr double kMiB = 1048576.0;

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double tokens_in(const Split& split, std::span<const int32_t> rows) {
  double tokens = 0;
  for (const int32_t row : rows) tokens += static_cast<double>(tokens_of(split, row));
  return tokens;
}

}  // namespace

// Activations grow with tokens, so a part of the micro-batch is measured where the whole is large.
void Trainer::measure_activations() {
  if (bytes_per_token_ > 0) return;
  constexpr double kMeasuredTokens = 2048;
  const std::vector<int32_t> rows = batches_.largest();
  size_t measured = 1;
  while (measured < rows.size() && tokens_in(train_, std::span(rows).first(measured + 1)) <= kMeasuredTokens)
    ++measured;
  tasks::Batch batch;
  const auto some = std::span(rows).first(measured);
  fill_batch(batch, train_, some, bundle_.task->kind == tasks::TaskKind::tag);
  const auto activations = static_cast<double>(step_.measure(batch));
  bytes_per_token_ = activations / tokens_in(train_, some);
  train_.let_go();
  if (dev_) dev_->let_go();
  // (Now, while the activations lie there: with the next step theirs is other memory, resident as far as it is used.)
  resident_without_activations_ = resident_bytes() - activations;
}

// States of frozen layers that are kept, of all texts; a few are there already.
double Trainer::kept_states() const {
  if (!options_.cache_frozen) return 0;
  const auto tokens = static_cast<double>(tokens_of(train_) + (dev_ ? tokens_of(*dev_) : 0));
  return std::min(static_cast<double>(models::kMostKeptStates),
                  tokens * static_cast<double>(bundle_.model->config().hidden) * sizeof(float));
}

// Weights and gradients are resident once something has been measured; scratch files' pages are not needed memory;
// moments are touched by the first update, when a head start has given back what it took. Those of tables held by rows
// count whole, though only pages of rows that occur become resident: in a long run that may be all.
double Trainer::memory_without_activations() const {
  double moments = 0;
  for (const auto& state : optimizer_->state()) moments += static_cast<double>(state.tensor.count()) * sizeof(float);
  const double head_start = at_the_start() && wants_head_start(options_) ? head_start_cost(bundle_, train_).bytes : 0;
  return resident_without_activations_ + std::max(moments, head_start) + kept_states();
}

void Trainer::fit_memory() {
  if (options_.memory_limit == 0) return;
  measure_activations();
  constexpr double kRoomForProducts = 16 * kMiB;  // what the matrix products and the batches keep for themselves
  const double limit = options_.memory_limit * kMiB, fixed = memory_without_activations() + kRoomForProducts;
  const auto activations = [&] { return bytes_per_token_ * tokens_in(train_, batches_.largest()); };
  while (options_.micro_batch == 0 && fixed + activations() > limit && batches_.token_budget() > 1)
    batches_.set_token_budget(batches_.token_budget() / 2);
  const double needed = activations();
  if (fixed + needed > limit)
    fail(ErrorKind::memory,
         "the run needs about {:.0f} MiB: {:.0f} for weights, gradients, moments and data, and {:.1f} for a step's "
         "activations ({} rows, {:.0f} tokens at once); --memory-limit allows {:.1f} MiB. Raise it, or give a smaller "
         "{}",
         std::ceil((fixed + needed) / kMiB), fixed / kMiB, needed / kMiB, batches_.largest().size(),
         tokens_in(train_, batches_.largest()), options_.memory_limit,
         options_.micro_batch > 1 ? "--micro-batch or --max-length" : "--max-length or model, or freeze layers");
  constexpr double kSlack = 1.1;  // ends of blocks, rows rounded up
  step_.limit_memory(static_cast<size_t>(std::max(limit - fixed, kSlack * needed)));
}

// The first pass pays for memory and for making matrix products; the quickest of the others is what a token costs.
// Where passes take long, two must do: nobody waits for an estimate.
double Trainer::seconds_per_token() {
  constexpr int64_t kPasses = 5;
  constexpr double kPatience = 0.5;  // seconds
  double best = 0;
  const auto begun = Clock::now();
  const auto tired = [&] { return seconds_since(begun) > kPatience; };
  // Kept states are made before anything is timed: a step of a later epoch is what is asked.
  const int64_t steps = options_.cache_frozen ? 1 : total_steps_;
  for (int64_t pass = 0; pass < kPasses && !(best > 0 && tired()); ++pass) {
    const auto micro = batches_.at(pass % steps);
    int64_t tokens = 0;
    for (const auto& batch : micro) tokens += batch.rows.tokens();
    const auto start = Clock::now();
    step_.rehearse(micro, pass);
    const double per_token = seconds_since(start) / static_cast<double>(std::max<int64_t>(1, tokens));
    if (pass > 0) best = best == 0 ? per_token : std::min(best, per_token);
  }
  return best;
}

RunPlan Trainer::plan(const OtherWork& other) {
  measure_activations();
  RunPlan plan;
  plan.rows = train_.rows();
  plan.steps = total_steps_;
  plan.epochs = static_cast<double>(total_steps_) / static_cast<double>(steps_per_epoch());
  plan.tokens = static_cast<int64_t>(static_cast<double>(tokens_of(train_)) * plan.epochs);
  plan.parameters = bundle_.model->parameters().count();
  plan.trainable = bundle_.model->parameters().trainable_count();

  constexpr double kUpdateSecondsPerParameter = 0.6e-9;  // one pass over weights, gradients and moments at memory speed
  constexpr double kForwardShare = 0.35;                 // of a pass forward and back
  constexpr double kWriteBytesPerSecond = 5e8;
  const auto steps_left = static_cast<double>(state_.stopped_early ? 0 : total_steps_ - state_.step);
  const double share_left = steps_left / static_cast<double>(total_steps_);
  const double evaluations =
      dev_ ? 1 + steps_left / static_cast<double>(options_.eval_every > 0 ? options_.eval_every : steps_per_epoch())
           : 0;
  const double forward_tokens =
      evaluations * static_cast<double>(dev_ ? tokens_of(*dev_) : 0) + static_cast<double>(other.tokens);
  const double checkpoints = options_.save_every > 0 ? steps_left / static_cast<double>(options_.save_every) : 0;
  const auto weights = static_cast<double>(plan.parameters) * sizeof(float);
  const double written =
      checkpoints * (weights + 2 * sizeof(float) * static_cast<double>(plan.trainable)) + 2 * weights;
  const double per_token = seconds_per_token();
  double frozen_tokens = 0;  // that the frozen layers read, once, in tokens of a whole pass
  if (options_.cache_frozen) {
    const auto layers = static_cast<double>(bundle_.model->config().layers),
               frozen = static_cast<double>(options_.freeze_layers);
    const double read = static_cast<double>(tokens_of(train_) + (dev_ ? tokens_of(*dev_) : 0) + other.tokens);
    frozen_tokens = kForwardShare * read * frozen / std::max(1.0, layers - frozen);
  }
  plan.seconds = per_token * frozen_tokens +
                 per_token * (static_cast<double>(plan.tokens) * share_left + kForwardShare * forward_tokens) +
                 static_cast<double>(plan.trainable) * steps_left * kUpdateSecondsPerParameter +
                 written / kWriteBytesPerSecond + other.seconds;
  const double activations = bytes_per_token_ * tokens_in(train_, batches_.largest());
  plan.memory_mib =
      (memory_without_activations() + std::max(activations, static_cast<double>(step_.peak_bytes()))) / kMiB;
  return plan;
}

}  // namespace attune::train
