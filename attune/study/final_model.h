// The model that --final-model asks for: what the study chose, trained on all rows, and judged on --test, once.
#pragma once
#include "attune/study/worker.h"

namespace attune::study {

// An option that looks at dev rows while a run trains or when it ends; nullptr: none was given.
const char* reads_dev(const train::TrainOptions& options);

// Whose database has the study and its runs: --project, or the study's own folder.
fs::path project_of(const StudyPlan& plan);

// Said before hours of search. Errors (usage): a folder that stands there, and is not this study's, is never replaced
// unasked; and one that is no run never.
void check_final_model(const StudyPlan& plan, StudyStore& store);

class FinalModel {
 public:
  FinalModel(const StudyPlan& plan, StudyStore& store, StudyObserver& observer)
      : plan_(plan), store_(store), observer_(observer) {}

  // Does nothing where none was asked for; where another process trains it, waits for it. False: stopped.
  bool train(Outcome& outcome);

 private:
  bool is_noted_as(int64_t trial);
  // Whether the folder holds the model of this trial, whole.
  bool stands_in_folder(int64_t trial);
  train::TrainOptions training_of(const StudyRun& run, const Outcome& outcome);
  bool train_claimed(StudyRun run, Outcome& outcome);
  void tell_test(const StudyRun& run, Outcome& outcome);

  const StudyPlan& plan_;
  StudyStore& store_;
  StudyObserver& observer_;
};

}  // namespace attune::study
