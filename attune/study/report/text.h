// A study as a person reads it in a terminal, at most 100 columns wide.
#pragma once
#include <string>

#include "attune/study/outcome.h"

namespace attune::study {

// The sentence first; then the judgement, the best trials, what mattered, cost.
std::string to_text(const Outcome& outcome);

// How it stands while it goes on: the best `most` trials, and what runs now.
std::string to_text(const Standings& standings, int width, size_t most);

}  // namespace attune::study
