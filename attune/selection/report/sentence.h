// The one sentence that opens every page of a choice.
#pragma once
#include <string>

#include "attune/selection/choice.h"

namespace attune::selection {

// `corrections`: judged on the plain loss's runs; `winner`: a loss that a verdict says is better. Null: none.
std::string sentence(const Choice& choice, const Judgement* corrections, const Judgement* winner);

}  // namespace attune::selection
