// The runs of a choice: each asked for once, its failure seen, its answers corrected, and noted in the choice.
#pragma once
#include <map>
#include <string>

#include "attune/selection/choice.h"
#include "attune/selection/job.h"
#include "attune/selection/plan.h"

namespace attune::selection {

// What corrections need to know of a block's training rows.
LabelFacts facts_of(const Plan& plan, size_t block);

// Thrown where a runner was stopped: every stage ends at once.
struct Stopped {};

class RunBook {
 public:
  RunBook(const Plan& plan, JobRunner& runner, Choice& choice) : plan_(plan), runner_(runner), choice_(choice) {}

  // Errors (input): the metric has no value for the plain loss's answers. Throws Stopped.
  const Answers& answers(const Job& job);
  // Once more with another seed where it failed: the same rule for all.
  const Answers& answers_or_again(Job job);
  // What a run that has not failed answers on its judging rows, corrected by what its inner rows say.
  compare::PredictionFile after(const Answers& answers, size_t block) const;

 private:
  void undefined(const Job& job, Answers& answers) const;

  const Plan& plan_;
  JobRunner& runner_;
  Choice& choice_;
  struct Done {
    std::string loss;
    Answers answers;
  };
  std::map<std::string, Done> done_;  // by the run's name
};

}  // namespace attune::selection
