// What a run tells while it goes on, and what it asks. The library prints nothing: a program, a test or a service
// brings its own observer.
#pragma once
#include <cstdint>
#include <string>

#include "attune/metrics/score.h"

namespace attune::train {

struct RunPlan {
  int64_t rows = 0, steps = 0;
  double epochs = 0;
  int64_t tokens = 0;  // in all
  int64_t parameters = 0, trainable = 0;
  double memory_mib = 0;  // peak of the process, estimated
  double seconds = 0;     // training and evaluation, estimated
  std::string precision;
  std::string base;  // of an adapter: what its weights are held in; empty: there is none
  int threads = 1;
  std::string threads_reason;
};

struct Progress {
  int64_t step = 0, steps = 0;  // taken, in all
  double epoch = 0;
  double loss = 0;  // mean since the last line of the log
  double rate = 0, gradient_norm = 0;
  double ms_per_step = 0, examples_per_second = 0, tokens_per_second = 0;
  double seconds_left = 0;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void note(const std::string&) {}         // one line for the user
  virtual void data_report(const std::string&) {}  // the readable table
  virtual void planned(const RunPlan&) {}
  virtual void progressed(const Progress&) {}  // after every step
  virtual void evaluated(int64_t /*step*/, double /*epoch*/, const std::string& /*split*/, const metrics::Scores&,
                         bool /*best*/) {}
  virtual bool stop_requested() { return false; }  // asked after every step
};

}  // namespace attune::train
