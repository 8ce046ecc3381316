// What a choice is made with, before any run: kept as plan.json, from which and from the runs' predictions the choice
// can be made again without the data.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "attune/selection/budget.h"
#include "attune/selection/select_options.h"

namespace attune::selection {

struct Block {
  std::string parts;                // its file, in the folder of the choice
  std::vector<double> counts = {};  // rows by label that are learned from
  int64_t learns = 0, inner = 0, judges = 0;
};

struct Plan {
  SelectOptions options;
  std::string metric, plain_loss;  // as they were told or follow from the task
  std::vector<std::string> labels = {};
  bool ordered = false;
  std::vector<std::string> files = {};
  std::string fingerprint;  // of files and model
  int64_t pool_rows = 0;
  int64_t layers = 0, upper_layers = 0;  // of the model, and those that a cheap race trains; 0: none can be had
  std::vector<Block> blocks = {};        // the race's first, then the verdict's

  nlohmann::ordered_json to_json();
  // Of a whole run on a block.
  RunShape shape() const;
  // Errors (input): `where` names the file.
  static Plan from_json(const nlohmann::json& json, const std::string& where);
};

}  // namespace attune::selection
