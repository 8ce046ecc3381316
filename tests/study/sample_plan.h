// A plan without rows or a model: what the schedule and the space need of one.
#pragma once
#include "attune/study/study_plan.h"
#include "attune/tune/parse_space.h"

namespace attune::study::test {

inline StudyPlan sample_plan(const std::string& budget = "600s") {
  StudyPlan plan{
      .options = {}, .metric = "accuracy", .space = {tune::parse_space({{"lr", "1e-5..1e-3:log"}}), {}, {}, {}}};
  plan.options.budget = budget, plan.options.train.out = "study";
  plan.options.train.epochs = 3;
  plan.space.defaults = {{"lr", "5e-05"}};
  plan.space.defaults_point = plan.space.space.defaults(plan.space.defaults).point;
  plan.pool_rows = 10000;
  plan.search = {.learns = 6000, .looked_on = 900, .judges = 2000};
  plan.verdict = {.learns = 7800, .looked_on = 1100, .judges = 2000};
  return plan;
}

}  // namespace attune::study::test
