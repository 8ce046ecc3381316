// Words and numbers that the text and the page of a choice share; compared() is a study's too.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "attune/report/compared.h"
#include "attune/selection/choice.h"

namespace attune::selection {

const char* name(Standing standing);  // "kept", "queued", "ruled_out"

// Lives no longer than the two.
report::Compared compared(const Choice& choice, const Judgement& judgement);

std::string figure_value(const Figure& figure);     // "12,345", "4.2%", "0.81 bits"; "-" for NaN
std::string figure_interval(const Figure& figure);  // "3.9% to 4.6%"; "" where there is none

// What to do now, as (title, value): what to train with and why that, corrections, what was asked.
std::vector<std::pair<std::string, std::string>> choice_facts(const Choice& choice);

std::string race_caveat(const Choice& choice);
bool is_plain(const RaceLine& line, const Choice& choice);  // what the others raced against
std::string race_layers(const RaceLine& line);              // that were trained: "all", "upper"
std::string race_arm(const RaceLine& line);
std::string race_mark(const RaceLine& line);      // "finalist", "failed", ""
const char* class_measure(const Choice& choice);  // what ClassChange holds: "recall", "F1"
std::string changed_text(
    const Judgement& judged);  // over its changed rows; their number, where no fact has it; "" for nothing
std::string run_state(const RunFigures& run);     // "failed: one answer for every row", ""
std::string strength_text(const Ruling& ruling);  // "weak evidence: Cui et al. 2019, arXiv 1901.05555"; "" without
std::string outlook_text(const Outlook& outlook, const Choice& choice);
std::string test_text(const Choice::Test& test, const Choice& choice);
std::string cost_text(const Choice& choice);  // "14 runs in 25 min 3 s, 2 of them failed"

}  // namespace attune::selection
