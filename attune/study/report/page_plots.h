// Pictures of the page of a study (internal to this room): SVG, or "" where there is nothing to show.
#pragma once
#include <string>

#include "attune/study/outcome.h"

namespace attune::study {

// Each run of the search at the time it ended, and the best so far of those that ran in full.
std::string plot_search(const Outcome& outcome);
// What each option explains by itself, with intervals.
std::string plot_importance(const tune::Importance& importance);
// For each option the value that is foretold along it, everything else as it comes.
std::string plot_curves(const Outcome& outcome);
// The metric against latency or size, with the limit.
std::string plot_offers(const Outcome& outcome);

}  // namespace attune::study
