// Everything `attune select-loss` can be told: its own options, and those of every run (`attune train`'s).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/train/train_options.h"

namespace attune::selection {

struct SelectOptions {
  std::string metric;
  std::string budget = "1";
  std::optional<double> worth;
  double level = 0.95;
  bool strict = false;
  bool ordered = false;
  bool by_time = false;
  std::string time;  // a column
  std::vector<std::string> candidates;
  bool only_candidates = false;
  int64_t draws = 1000;
  int jobs = 1;
  std::string program;  // no option: attune itself, for several jobs at once
  std::string final_model;
  std::string replay;
  train::TrainOptions train;

  void visit(OptionList& list);
};

}  // namespace attune::selection
