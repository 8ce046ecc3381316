// A term as it was told: from its text to losses, for make_objective and nobody else.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/losses/language/expression.h"
#include "attune/losses/language/make_objective.h"

namespace attune::losses {

// A text without its quotes.
std::string unquoted(const std::string& value);

struct ToldOption {
  std::string name, value;
  std::string last = {};  // of a number that changes
};

// A term's loss with its options, not made yet. The maker has those of its end.
struct Told {
  const LossEntry* entry;
  std::unique_ptr<LossMaker> maker;
  std::vector<ToldOption> options;  // as told, in order

  bool was_told(const std::string& name) const { return maker->options.given(name); }
  void set(const std::string& name, const std::string& value) {
    maker->options.set(name, unquoted(value));
    options.push_back({name, value});
  }
  bool changes() const {
    return std::any_of(options.begin(), options.end(), [](const auto& option) { return !option.last.empty(); });
  }
};

// Errors (usage), with a caret: no such loss or option, a value out of range, one that changes and cannot.
Told told(const LossExpression& loss, const CallExpression& call, TargetKind kind, const LossFacts& facts);
void set_option(const LossExpression& loss, const CallExpression& call, OptionList& known,
                const OptionExpression& option);

// What the loss finds wrong in an option that came from a flag is the flag's.
void fail_at_flag(const std::string& message, const std::vector<CommonOption>& common);

// The loss as it is in the end. Errors (usage): what it finds wrong itself, at its name.
std::unique_ptr<Loss> made(const LossExpression& loss, const TermExpression& term, const Told& told,
                           const LossFacts& facts, const std::vector<CommonOption>& common = {});
// The same loss without class weights, if it was told some; where options change, as they begin.
std::unique_ptr<Loss> without_weights(const LossExpression& loss, const TermExpression& term, const Told& told,
                                      const LossFacts& facts);
// The kStages losses on the way to `last`, where options change; else none. Errors (usage): an option that decides how
// the model is made.
std::vector<std::unique_ptr<Loss>> stages_of(const LossExpression& loss, const TermExpression& term, const Told& told,
                                             const LossFacts& facts, const Loss& last);

// As the language writes them: "[[0,1],[1,0]]"; "gamma=2, weights=[1,2]".
std::string value_text(const std::string& value);
std::string options_text(const std::vector<ToldOption>& options);

}  // namespace attune::losses
