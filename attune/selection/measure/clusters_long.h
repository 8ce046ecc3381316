// Near texts of which both are long: their sets of character 4-grams have a Jaccard similarity of at least 0.8.
//
// Candidates agree in one of 16 bands of 6 minimal hashes (Broder 1997; Leskovec, Rajaraman & Ullman, "Mining of
// Massive Datasets", ch. 3): of pairs with similarity 0.8 it misses (1 - 0.8^6)^16 = 0.8%, of those with 0.9 none to
// speak of.
#pragma once
#include "attune/selection/measure/clusters_fold.h"
#include "attune/selection/measure/clusters_links.h"

namespace attune::selection {

// Of the sets of 4-grams, found in full. For texts of four characters or more.
bool near_by_grams(std::u32string_view a, std::u32string_view b);

// All pairs in which both texts have more than kLongestShort characters.
void link_long_texts(const FoldedTexts& texts, NearLinks& links);

}  // namespace attune::selection
