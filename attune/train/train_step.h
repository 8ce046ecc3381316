// One optimizer step, as the house's map reads it: for each micro-batch run the model, evaluate the loss,
// back-propagate (strategy.h); then check that the gradients are finite (and on the first step that every trainable
// parameter received one), clip, ask the schedule for the rate, update, and let the loss remember.
#pragma once
#include <span>

#include "attune/nn/touched_rows.h"
#include "attune/optim/optimizer.h"
#include "attune/optim/schedule.h"
#include "attune/train/gathered.h"
#include "attune/train/strategy.h"
#include "attune/train/term_gradients.h"

namespace attune::train {

struct StepReport {
  double loss = 0;           // the step's objective (losses/objective.h)
  double gradient_norm = 0;  // before clipping
  double rate = 0;
  int64_t tokens = 0;                   // real ones
  std::vector<RowCost> rows = {};       // what each row cost, if asked for
  std::vector<std::string> notes = {};  // what the user should know, mostly nothing
  bool skipped = false;                 // no item of the step had a valid target: nothing was learned
};

class TrainStep {
 public:
  struct Options {
    double peak_rate = 5e-5;
    double clip = 1.0;  // bound of the global gradient norm; 0: none
    uint64_t seed = 0;
    optim::Schedule schedule = {};
    bool row_costs = false;  // fill StepReport::rows
  };
  TrainStep(models::Model& model, const losses::Objective& loss, optim::Optimizer& optimizer, kernels::Kernels& kernels,
            const Options& options);

  // `step`: 0-based. The micro-batches' split changes nothing but rounding.
  // Errors: numeric (loss or gradient not finite: names the step), memory. The weights are as before the step then.
  StepReport run(std::span<const tasks::Batch> micro_batches, int64_t step);

  // Brings every weight to where the steps so far have left it (optim::Optimizer::settle): before anybody else reads
  // the model.
  void settle() { optimizer_.settle(kernels_); }

  // Forward and backward alone, for planning: gradients are computed and forgotten, nothing is updated or checked.
  void rehearse(std::span<const tasks::Batch> micro_batches, int64_t step);

  // Bytes that a batch's activations need, found by a rehearsal. For growing batches, before any limit is set.
  size_t measure(const tasks::Batch& batch);
  // A step that needs more is an error (memory), not a machine that swaps. 0: no limit.
  void limit_memory(size_t bytes);

  // Bytes that the step's activations and their gradients needed at most.
  size_t peak_bytes() const { return arena_.peak() + passing_.peak() + tape_.scratch_peak(); }

 private:
  void begin(std::span<const tasks::Batch> micro_batches);
  // All of the step's rows forward and back; returns its objective. `costs`: where rows' are noted; nullptr: nowhere.
  double forward_backward(std::span<const tasks::Batch> micro_batches, int64_t step,
                          const losses::PerTerm<double>& denominators, bool looks_at_terms = false,
                          std::vector<RowCost>* costs = nullptr);
  double run_micro_batch(const tasks::Batch& batch, std::span<const int32_t> slots, int64_t step,
                         const losses::PerTerm<double>& denominators, bool looks_at_terms, std::vector<RowCost>* costs);
  // The same of a loss that sees all rows of the step: gathered.h.
  double gathered_forward_backward(std::span<const tasks::Batch> micro_batches, int64_t step,
                                   const losses::PerTerm<double>& denominators);
  autograd::Context recording(int64_t step);
  losses::PerTerm<double> denominators_of(std::span<const tasks::Batch> micro_batches, int64_t step) const;
  bool gathers(std::span<const tasks::Batch> micro_batches) const;
  double progress(int64_t step) const;
  void clear_silent_gradients();

  models::Model& model_;
  const losses::Objective& loss_;
  optim::Optimizer& optimizer_;
  kernels::Kernels& kernels_;
  Options options_;
  std::unique_ptr<Strategy> strategy_;  // the one that the loss asks for
  tensor::Arena arena_;
  autograd::Passing passing_;
  autograd::Tape tape_;
  nn::TouchedRows touched_;
  Gathered gathered_;
  TermGradients term_gradients_;
  Opposition opposition_;
  std::vector<std::vector<int32_t>> slots_;  // by micro-batch
  bool checked_ = false;                     // every parameter has been seen to receive a gradient
};

}  // namespace attune::train
