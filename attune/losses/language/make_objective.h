// From the text of `--loss` to what a step minimises.
#pragma once
#include <string>
#include <vector>

#include "attune/losses/entry.h"
#include "attune/losses/objective.h"

namespace attune::losses {

// An option that is set for every term which has it and was not told it: --class-weights and its like.
struct CommonOption {
  std::string flag;  // in messages: "--class-weights"
  std::string name;  // in the language: "weights"
  std::string value;
};

// The text in order, with common options written out. A term `after` a share of the training that has class weights is,
// until then, the same loss without them (deferred re-weighting, Cao et al. 2019, arXiv 1906.07413, section 4); others
// are nothing until then.
//
// A text that begins with 'formula:' is a formula of the user's own (formula/formula.h), a single term.
//
// Errors (usage), with a caret where the text is wrong: what does not parse; an unknown loss (suggests the nearest) or
// one that does not fit (names those that do); an unknown option or a value out of range; terms that read the last
// layer in different ways, or want different ones; parameters of a loss's own in two terms, or in one that begins
// later; a share of the training in which nothing would be minimised; a common option that no term has.
Objective make_objective(const std::string& text, TargetKind kind, const LossFacts& facts,
                         const std::vector<CommonOption>& common = {});

// Those that the language knows (strategy.h).
std::vector<std::string> strategy_names();

// A single loss without weight or share of the training. Errors (usage): as make_objective, and several terms.
std::unique_ptr<Loss> make_loss(const std::string& text, TargetKind kind, const LossFacts& facts);

}  // namespace attune::losses
