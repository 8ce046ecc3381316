// Runs what the study has decided on, one run at a time: an ordinary `attune train`, watched for its time and for
// whether it is hopeless.
#pragma once
#include <string>
#include <vector>

#include "attune/study/outcome.h"
#include "attune/train/observer.h"

namespace attune::study {

// Who looks on: at each run, and at how all of them stand.
class StudyObserver : public train::Observer {
 public:
  // Before each run and after it.
  virtual void stands(const Standings&) {}
};

class Worker {
 public:
  Worker(const StudyPlan& plan, StudyStore& store, StudyObserver& observer)
      : plan_(plan), store_(store), observer_(observer) {}

  // Called by the first run, as soon as it knows how long it will take.
  using Planned = std::function<void(const train::RunPlan&)>;

  // Runs it and ends it in the store. False: it was interrupted, and will be decided on again. `deadline`: of the
  // study's time; a run that goes on behind it is stopped. Errors: io; of the defaults' first run whatever is wrong, of
  // all others it is the trial that fails.
  bool run(StudyRun run, double deadline, const Planned& planned = {});

 private:
  void finish(StudyRun& run) const;

  const StudyPlan& plan_;
  StudyStore& store_;
  StudyObserver& observer_;
};

}  // namespace attune::study
