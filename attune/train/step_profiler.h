// Where the time of training steps goes: the run's kernels, timed, and the trainer's word on where a step begins and
// ends. Evaluation and whatever else the kernels do outside of steps is not counted.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attune/kernels/profiled.h"
#include "attune/report/profile.h"

namespace attune::train {

class StepProfiler {
 public:
  using Clock = kernels::KernelCall::Clock;
  static constexpr int64_t kWarmUp = 3;  // steps that are left out: first touches of memory, products being prepared
  // A trace holds whole steps, the first ones after the warm-up, until one of these is reached.
  static constexpr int64_t kTracedSteps = 50;
  static constexpr size_t kTracedCalls = 200000;

  // `device` outlives it. `trace`: keep what trace() tells.
  StepProfiler(kernels::Kernels& device, bool trace) : kernels_(device), trace_(trace) {}

  // What the run must work with.
  kernels::Kernels& kernels() { return kernels_; }

  void begin_step(int64_t step);  // 0-based
  void batches_ready();
  // A step that had nothing to learn from is left out. One that throws is never ended.
  void end_step(int64_t tokens, bool skipped);

  report::Profile profile() const;  // rows: the longest first

  // Chrome's trace format, for chrome://tracing and Perfetto: a JSON array of complete events ("ph": "X", microseconds
  // from the first one's beginning), an event a line. A step's event holds that of its batches and those of its
  // kernels, whose shapes and work stand in "args".
  std::string trace() const;
  int64_t traced_steps() const { return static_cast<int64_t>(traced_.size()); }

 private:
  struct Step {
    int64_t number = 0, tokens = 0;
    Clock::time_point begin = {}, ready = {}, end = {};
    std::vector<kernels::KernelCall> calls = {};
  };
  void count(const std::vector<kernels::KernelCall>& calls);
  void keep(const std::vector<kernels::KernelCall>& calls);

  kernels::ProfiledKernels kernels_;
  bool trace_;
  int64_t seen_ = 0;  // steps begun
  Step now_;
  report::Profile profile_{.warm_up = kWarmUp, .rows = {}};
  std::vector<Step> traced_;
  size_t traced_calls_ = 0;
};

}  // namespace attune::train
