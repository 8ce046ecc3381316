// Runs what the study has decided on, one run at a time: an ordinary `attune train`, watched for its time and for
// whether it is hopeless.
#pragma once
#include <string>
#include <vector>

#include "attune/data/example.h"
#include "attune/study/outcome.h"
#include "attune/train/observer.h"

namespace attune::study {

// Who looks on: at each run, and at how all of them stand.
class StudyObserver : public train::Observer {
 public:
  // Before each run and after it.
  virtual void stands(const Standings&) {}
};

// `sample`: texts that latency is measured on, where it matters.
struct Measuring {
  bool latency = false, bytes = false;
  std::vector<data::Example> sample = {};
  bool any() const { return latency || bytes; }
};

class Worker {
 public:
  Worker(const StudyPlan& plan, StudyStore& store, StudyObserver& observer, Measuring measuring)
      : plan_(plan), store_(store), observer_(observer), measuring_(std::move(measuring)) {}

  // Called by the first run, as soon as it knows how long it will take.
  using Planned = std::function<void(const train::RunPlan&)>;

  // Runs it and ends it in the store. False: it was interrupted, and will be decided on again. `deadline`: of the
  // study's time; a run that goes on behind it is stopped. Errors: io; of the defaults' first run whatever is wrong, of
  // all others it is the trial that fails.
  bool run(StudyRun run, double deadline, const Planned& planned = {});

 private:
  void finish(StudyRun& run, const train::TrainOptions& options) const;
  void measure(StudyRun& run, const std::string& folder) const;

  const StudyPlan& plan_;
  StudyStore& store_;
  StudyObserver& observer_;
  Measuring measuring_;
};

}  // namespace attune::study
