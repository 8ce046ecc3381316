// What a user narrows the space by, parsed.
//
//   space        := alternative { '|' alternative }
//   alternative  := range | NUMBER | text with calls
//   range        := NUMBER '..' NUMBER [ ':' ( 'log' | 'linear' ) ]
//   in a call    := NAME '=' ( range | NUMBER '|' NUMBER ... | '(' alternative '|' ... ')' )   each is searched
//
//   lr            1e-5..5e-4:log              real, by logarithms
//   batch-size    8|16|32                     a choice of numbers is ordered
//   epochs        3                           fixed
//   loss          cross_entropy | focal(gamma=0.5..3)
//   adapter       none | lora(r=4|8|16, alpha=16, targets=query|value)
//
// A range is of whole numbers where the option takes whole numbers or, of others than known ones, where both ends are
// written without a point or an exponent: write gamma=0.0..3 for a real one. Texts parted by '|' within a call stay as
// they are, since options have such lists; a choice among them stands in brackets: weights=(none|balanced).
// What stands in single quotes is taken literally, without them: 'focal(gamma=0..2)', a gamma that changes over the
// training. What stands in double quotes is one text, and they belong to it.
//
// An inner dimension is named OPTION.CALL.NAME ("loss.focal.gamma"), by the innermost call; OPTION.value where a range
// stands beside other alternatives ("none|0.1..0.5"). A second one of that name gets "#2".
#pragma once
#include <string>
#include <vector>

#include "attune/tune/space.h"

namespace attune::tune {

enum class Numbers { by_spelling, real, whole };

// An option of `attune train`, or an inner dimension ("loss.focal.gamma") whose numbers are known.
struct KnownOption {
  std::string name;
  Numbers numbers = Numbers::by_spelling;
};

// What was told of an option.
struct Told {
  std::string name;
  std::string text;
};

// `known`: options that may be searched; empty: any. Errors (usage), each with the option, the text and a caret under
// the place: an unknown option (suggests), one told twice; no value; a range without numbers, of no width, the wrong
// way round, or by logarithms from 0 or below; an unknown scale (suggests); a fraction where whole numbers are wanted;
// an alternative twice; more than 64; brackets or quotes that do not close; a range in a call without a name; and as
// Space.
Space parse_space(const std::vector<Told>& told, const std::vector<KnownOption>& known = {});

}  // namespace attune::tune
