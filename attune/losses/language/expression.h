// The loss language, parsed: what `--loss` takes.
//
//   loss     := STRATEGY '(' sum { ',' option } ')'  |  sum
//   sum      := term { '+' term }
//   term     := [ weight '*' ] call [ 'after' SHARE | 'until' SHARE | 'from' SHARE 'to' SHARE ]
//   call     := NAME [ '(' [ option { ',' option } ] ')' ]
//   option   := NAME '=' value
//   weight   := NUMBER | '(' NUMBER '..' NUMBER ')'
//   value    := NUMBER [ '..' NUMBER ] | '"' TEXT '"' | NAME [ '(' NUMBER ')' ] | list
//   list     := '[' NUMBER, ... ']' | '[' [NUMBER, ...], ... ']'
//   SHARE    := NUMBER '%', of the training's steps
//
// A..B: a number that goes from A to B, evenly, while its term holds.
//
//   0.7*focal(gamma=2) + 0.3*generalized_ce(q=0.5) after 50%
//   r_drop(cross_entropy(weights=balanced), alpha=2)
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attune::losses {

// An option as it was told: `value` is what OptionList::set takes (a list's numbers parted by ',', its rows by ';'), or
// that in quotes.
struct OptionExpression {
  std::string name, value;
  size_t name_at = 0, value_at = 0;  // bytes from the beginning
  std::string last = {};             // of a number that changes: what `value` becomes in the end; empty: it stays
  size_t last_at = 0;
};

struct CallExpression {
  std::string name;
  std::vector<OptionExpression> options;
  size_t at = 0;
};

struct TermExpression {
  double weight = 1;                        // in the end
  std::optional<double> first_weight = {};  // where it changes
  CallExpression call = {};
  double begin = 0, end = 1;  // shares of the training between which it holds
  size_t at = 0, when_at = 0;
};

struct LossExpression {
  std::string text;
  std::vector<TermExpression> terms;
  CallExpression strategy = {};  // the name is empty: there is none
};

// `strategies`: their names. Errors (usage): what does not parse, with the text and a caret under the character.
LossExpression parse_loss(std::string_view text, const std::vector<std::string>& strategies = {});

// Fails with `message`, the text and a caret under byte `at`.
[[noreturn]] void fail_at(std::string_view text, size_t at, const std::string& message);

}  // namespace attune::losses
