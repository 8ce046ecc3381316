// What a free worker runs next: asynchronous successive halving under a budget of wall-clock time.
//
//   rungs          shares 1, 1/eta, 1/eta^2, ... of a full run, down to the smallest allowed; rung 0 is the shortest. A
//                  run of a share is a complete short training of its own, so values compare within a rung only.
//   promotion      of the n ended runs of a rung, the best floor(n / eta) go on to the next, highest rung first; failed
//                  and stopped ones count among the n and are never promoted
//   else           a new trial begins on rung 0
//   trial 0        the defaults, at full length, before anything else: what the search is worth is told against it
//   random ones    an even share of the other trials is drawn from the prior, whatever the sampler learnt
//   the end        no job begins that would end behind budget - reserve, nor a short one behind which no full run would
//                  fit any more: it could not be promoted. Where only a full run fits, the best trial of the highest
//                  rung that fits and was not trained in full is (closing), promoted or not; where there is none,
//                  a new one is, in full at once.
//
// What a job needs is expected by costs.h, of a trial that was slower than others before by that much more. It counts
// with the margin of costs.h: some 99 of 100 runs take less. Whoever runs jobs still has to end one at the budget's
// end.
//
// Source: Li et al. 2018, arXiv 1810.05934, algorithm 2. Random draws beside the model: Falkner, Klein, Hutter 2018,
// arXiv 1807.01774. The budget's rules (defaults, full run behind, closing) are attune's own.
//
// All of it is a function of the options, the runs as a set, and the time: processes that share a store and decide one
// at a time need no more in common, and one that was killed goes on as if it had not been. A run whose process died is
// left out of the history: it then is decided on again, under the same number.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attune/tune/costs.h"

namespace attune::tune {

enum class Arm { defaults, random, sampled };                // where a trial's point comes from
enum class RunState { running, finished, failed, stopped };  // stopped: hopeless (median_rule.h)
const char* name(Arm arm);
const char* name(RunState state);

struct RungRun {
  int64_t trial = 0;
  int rung = 0;
  RunState state = RunState::running;
  double seconds = 0;                // that it took; not read of running ones
  std::optional<double> value = {};  // to maximise; of finished ones
};

struct ScheduleOptions {
  double budget = 0;          // seconds from the beginning to the end of everything
  double reserve = 0;         // of them, for the final judgement
  double full_run = 0;        // seconds that one full run is expected to take
  double fixed = 0;           // of them, what every run takes however short it is
  double spread = 0.2;        // how far a run may be off, relatively, before anything is known
  int eta = 3;                // at least 2
  double smallest = 1.0 / 9;  // share of a full run, in (0, 1]
  double random_share = 0.2;  // of the trials beside the defaults
  int64_t most_trials = 0;    // 0: as many as the budget allows
};

enum class Why { defaults, fresh, promotion, closing };
const char* name(Why why);

struct Job {
  int64_t trial = 0;
  int rung = 0;
  double share = 1;
  Arm arm = Arm::sampled;
  Why why = Why::fresh;
  double expected = 0;  // seconds
  double longest = 0;   // with the margin
};

struct Decision {
  std::optional<Job> job = {};
  bool wait = false;   // no job now, but there may be one when a run has ended
  std::string reason;  // why there is none
};

// Shares by rung, ascending; the last is 1.
std::vector<double> rungs(const ScheduleOptions& options);
Arm arm_of(int64_t trial, const ScheduleOptions& options);
// What runs cost by what is known so far: from those that finished.
Costs costs_of(const ScheduleOptions& options, std::span<const RungRun> runs);

// `now`: seconds since the beginning. Errors (internal): an option out of its range, a run of a rung that is not there,
// a trial twice on a rung.
Decision next_job(const ScheduleOptions& options, std::span<const RungRun> runs, double now);

}  // namespace attune::tune
