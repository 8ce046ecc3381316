// From a formula's text to its graph. The grammar and the names are formula.h's.
#pragma once
#include <string>
#include <vector>

#include "attune/losses/formula/graph.h"
#include "attune/losses/formula/text.h"

namespace attune::losses::formula {

struct Parsed {
  Graph graph;
  int root;  // one number an item
};

// `options`: names behind ';' that are no numbers of the formula's own.
//
// Errors (usage), with a caret: what does not parse; an unknown name; a vector where one number is needed and the other
// way round; a name that this task does not have or whose facts are not known; a number of the formula's own that is
// none, not used, or named as something else; expressions nested deeper than 100.
Parsed parse(const Text& text, TargetKind kind, const LossFacts& facts, const std::vector<std::string>& options);

// Training items by label as a share of all, smoothed by one item: (n_c + 1/K) / (1 + sum n), as logit_adjusted has it.
std::vector<double> priors(const LossFacts& facts);

}  // namespace attune::losses::formula
