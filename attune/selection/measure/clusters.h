// Rows that are the same text, or nearly: they must not stand on both sides of a split, and where their labels differ
// one of them is wrong.
//
// Texts are compared after folding: NFKC, lower case, white space to single blanks, trimmed (both texts of a pair,
// words of a sentence joined). Exact: equal when folded. Near: where both folded texts have more than 60 characters the
// Jaccard similarity of their sets of character 4-grams is at least 0.8; else 1 - (Levenshtein distance / the longer
// one's length), in code points, is at least 0.9. Candidates come from MinHash bands and, for short texts, from shared
// pieces: of near pairs fewer than 5 in 100 are missed (of long ones 0.8% at a similarity of 0.8; of short ones none,
// unless thousands of texts share every piece). Cost grows about as the number of rows. A cluster is a connected
// component. "turn it on" and "turn it off" are near too: near texts belong on one side of a split, and that is all.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attune/data/dataset.h"

namespace attune::selection {

struct NearPair {
  int32_t first = 0, second = 0;  // rows, first < second
  bool exact = false;             // equal when folded
};

struct Clusters {
  std::vector<int32_t> of_row;  // [rows]: the cluster's smallest row
  // That were found, each once, ascending. Of an exact group of m rows m - 1 pairs, with its first row, which alone
  // stands in near pairs. Of a text with many near ones no more than hold the cluster together, and some eight others.
  std::vector<NearPair> pairs;
  int64_t exact_rows = 0;  // rows that equal an earlier one when folded
  int64_t near_rows = 0;   // rows that are near an earlier one and equal no earlier one
};

Clusters find_clusters(const data::Examples& rows);

}  // namespace attune::selection
