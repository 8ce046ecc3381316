// Words and numbers that the text and the page of a study share (internal to this room).
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "attune/study/outcome.h"

namespace attune::study {

std::string trial_title(const TrialLine& trial);  // "lr-times 2.4, batch-size 32"; "the defaults"
std::string arm_title(tune::Arm arm);             // "defaults", "random", "model"
std::string length_title(double share);           // "full", "1/3"; "-" where no run finished
std::string state_title(const TrialLine& trial);  // "failed: ...", "stopped", "too slow", ""
std::string value_title(const std::string& metric, const std::optional<double>& value);
std::string milliseconds(double value);  // "3.1 ms"
std::string megabytes(double value);     // "22.7 MB"

// What to do now, as (title, value).
std::vector<std::pair<std::string, std::string>> study_facts(const Outcome& outcome);
// How the search's own figures are to be read.
std::string search_caveat(const Outcome& outcome);
// What search bought over random draws, and over the defaults, by the search's own rows.
std::string arms_text(const Outcome& outcome);
// A share with its interval: "0.42 (0.31 to 0.55)".
std::string share_text(const tune::Share& share);
std::string importance_text(const tune::Importance& importance);  // how firmly, from what; or why nothing is told
std::string offers_caveat(const Outcome& outcome);
// Whether the trial is the one that was judged.
bool is_judged(const Outcome& outcome, int64_t trial);
std::string offer_title(const Outcome& outcome, const Offer& offer);  // "judged", "not beaten", "breaks a limit", ""

}  // namespace attune::study
