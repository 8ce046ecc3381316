// Near texts of which one is short: at most a tenth of the longer one's characters are edited.
//
// Where d edits part two texts, one of d + 1 pieces of the shorter one stands unchanged in the longer one, at about its
// place (Li, Deng, Wang & Feng 2011, "PASS-JOIN", PVLDB 5(3), multi-match-aware places): so nothing is missed but what
// Candidates leaves out.
#pragma once
#include "attune/selection/measure/clusters_fold.h"
#include "attune/selection/measure/clusters_links.h"

namespace attune::selection {

// Longer ones are compared by their sets of 4-grams (clusters_long.h).
inline constexpr int32_t kLongestShort = 60;

// Whether 1 - distance / (the longer one's length) is at least 0.9; distance: Levenshtein's, in code points.
bool near_by_edits(std::u32string_view a, std::u32string_view b);

// All pairs of which at least one has at most kLongestShort characters.
void link_short_texts(const FoldedTexts& texts, NearLinks& links);

}  // namespace attune::selection
