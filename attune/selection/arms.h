// Who races, and what each run of the procedure is.
#pragma once
#include <string>
#include <vector>

#include "attune/selection/budget.h"
#include "attune/selection/job.h"
#include "attune/selection/plan.h"
#include "attune/selection/rules.h"

namespace attune::selection {

struct Arm {
  std::string name, loss;
  double rate_times = 1;
};

// Other rates of the plain loss, then losses in the order of their rulings, as far as the stage carries their prices.
std::vector<Arm> arms_of(const Plan& plan, const Stage& stage, const std::vector<Ruling>& rulings);

// Whether a loss has nothing to work on where layers are frozen.
bool needs_all_layers(const std::string& loss);

// All on the race's block with the plan's seed: the same order and draws.
Job race_job(const Plan& plan, const Arm& arm, const Stage& stage);
// A whole schedule of the plain loss; block 0: the race's rows, else a verdict's, with a seed of its own.
Job plain_job(const Plan& plan, size_t block);
// The plain run's rows and seed.
Job finalist_job(const Plan& plan, const Arm& arm, size_t block);

// "focal(gamma=2)" -> "focal_gamma_2": a loss as a part of a run's name.
std::string file_name_of(const std::string& loss);

}  // namespace attune::selection
