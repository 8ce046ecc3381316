// A formula is tried before training starts: on ordinary logits its gradient against central differences, on extreme
// ones whether value and gradient are finite. Which rows: formula.h and rehearsal.cpp.
#pragma once
#include "attune/losses/entry.h"
#include "attune/losses/formula/program.h"
#include "attune/losses/formula/text.h"

namespace attune::losses::formula {

// Errors (usage), with a caret under what went wrong: a value or a gradient that is not finite, or too large for f32; a
// gradient that is not the formula's.
void rehearse(const Program& program, const Text& text, TargetKind kind, const LossFacts& facts);

}  // namespace attune::losses::formula
