// The race: short runs of many losses against the plain one, in stages of ever fewer; it picks who is judged.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "attune/selection/arms.h"
#include "attune/selection/run_book.h"

namespace attune::selection {

class Race {
 public:
  // `first_answers`: told of the plain loss's first run, before the losses are chosen: the rules read it. The choice
  // gains the race's lines and the plan.
  Race(const Plan& plan, RunBook& book, JobRunner& runner, Choice& choice, std::function<void(const std::string&)> say,
       std::function<void(const Answers&)> first_answers)
      : plan_(plan),
        book_(book),
        runner_(runner),
        choice_(choice),
        say_(std::move(say)),
        first_answers_(std::move(first_answers)) {}

  // The finalists, the best first: of the last stage's arms, after corrections, by D w^2 / (w^2 + V), w one point (or
  // 1% of the plain value). Errors (numeric): the plain loss failed twice.
  std::vector<Arm> run(const Spending& spending);

 private:
  // The arms in the order of what they gained; those that failed are left out.
  std::vector<Arm> run_stage(const Stage& stage, const std::vector<Arm>& arms);
  RaceLine line_of(const Arm& arm, const Stage& stage, const compare::PredictionFile& plain_file);
  void note_rate(const Arm& finalist);
  void plan_line(const Spending& spending, size_t arms);

  const Plan& plan_;
  RunBook& book_;
  JobRunner& runner_;
  Choice& choice_;
  std::function<void(const std::string&)> say_;
  std::function<void(const Answers&)> first_answers_;
};

}  // namespace attune::selection
