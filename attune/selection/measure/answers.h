// Figures from what a trained model answers on rows that it was not trained on (the plain loss's first run).
//
//   noise_ceiling  single label: among the fifth (rounded) of the rows of each predicted class that are most confident,
//                  the share whose label disagrees; Wilson's interval. Blind to noise on hard rows.
//   error          share of rows answered wrongly (single label); sentences with a wrong tag (tagging)
//   order_veto     grades: p of a permutation test (1,000 of the labels' order, or all of them if fewer) that the mean
//                  |i - j| of confusions is no smaller than by chance; note: below 5 classes it can prove little.
//                  Set where the labels are numbers in rising order. Where the profile alone says "grades" it is
//                  undefined: the answers do not hold the labels' order
//   illegal_tags   tagging: share of words whose answer is an I- that continues nothing (argmax decoding)
//
// Rows without gold count for illegal_tags alone. Suspicious: the confident disagreements, suspicion = the probability
// of the answer; place: the row's id, or where it stands in the file of answers if its rows have none.
#pragma once
#include "attune/compare/prediction_file.h"
#include "attune/selection/profile.h"

namespace attune::selection {

void measure_answers(const compare::PredictionFile& answers, Profile& profile);

}  // namespace attune::selection
