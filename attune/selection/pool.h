// All rows that a choice is made from, and the model that they are read by, opened once to be measured and divided.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attune/selection/divide.h"
#include "attune/selection/plan.h"
#include "attune/selection/profile.h"
#include "attune/selection/select_options.h"
#include "attune/tasks/model_bundle.h"
#include "attune/train/observer.h"
#include "attune/train/split.h"

namespace attune::selection {

class Pool {
 public:
  // Reads the training files and, behind them, --dev. Errors (input): those of the readers; an id that stands twice,
  // since two sides' answers are matched by it. The options outlive this object.
  Pool(const SelectOptions& options, const tasks::Task& task);

  // `race`: whose rows losses are tried on with frozen features, by `metric`; nullptr: no race follows. Nothing:
  // stopped.
  std::optional<Profile> measure(const Clusters& clusters, const Division* race, const std::string& metric,
                                 train::Observer& observer) const;
  // [K] rows by label among those that learn; 0 each for tags and scores.
  std::vector<double> counts(const Division& division) const;

  std::vector<std::string> files;
  data::Dataset rows;
  std::vector<int32_t> in_time;  // training rows in the order of time, where it is asked for
  int64_t dev_from = 0;          // rows from here on are --dev's; all rows: there is none
  tasks::ModelBundle bundle;

 private:
  // False: stopped.
  bool try_losses(const train::Split& split, const Division& race, const std::string& metric, train::Observer& observer,
                  Profile& profile) const;

  const SelectOptions& options_;
  const tasks::Task& task_;
  std::unique_ptr<kernels::Kernels> kernels_;
};

// What a choice by these divisions is made with; block 0 is the race's.
Plan plan_of(const SelectOptions& options, const std::string& metric, const Pool& pool,
             const std::vector<Division>& divisions);

}  // namespace attune::selection
