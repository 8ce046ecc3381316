// A choice as a person reads it in a terminal, at most 100 columns wide.
#pragma once
#include <string>

#include "attune/selection/choice.h"

namespace attune::selection {

// The sentence first; then judgements with interval, race, what was measured, what was ruled out and why, cost, files.
// Short: queued losses by name alone, ruled-out ones grouped by reason; the page has all of it.
std::string to_text(const Choice& choice);

// One question answered: both sides, the difference, how sure it is, what changed most. Of the choice it reads the
// metric, the task, what matters and the level.
std::string judgement_text(const Choice& choice, const Judgement& judged);

// In points for shares and correlations, else in the metric's unit.
std::string signed_amount(const std::string& metric, double difference);  // "+0.42 points"
std::string amount(const std::string& metric, double difference);         // "0.42 points"

}  // namespace attune::selection
