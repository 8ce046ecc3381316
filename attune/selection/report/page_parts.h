// Pieces of the page of a choice; the judgements' (which read metric, task, what matters and the level) are a study's
// too. Each gives markup, or "" where there is nothing to show.
#pragma once
#include <string>

#include "attune/selection/choice.h"

namespace attune::selection {

extern const char* const kChoiceStyle;

// Every judgement's difference with its interval, and lighter below it the race's, around 0 and what matters (SVG).
std::string plot_differences(const Choice& choice);
// What the first side wins and loses, class by class (SVG).
std::string plot_class_changes(const Choice& choice, const Judgement& judged);

// choice_page_tables.cpp
std::string html_judgements(const Choice& choice);
std::string html_race(const Choice& choice);
std::string html_profile(const Profile& profile);
std::string html_rulings(const Choice& choice);
std::string html_runs(const Choice& choice);

}  // namespace attune::selection
