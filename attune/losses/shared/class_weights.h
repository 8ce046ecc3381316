// Weights of classes, by name: the same for every loss that takes them. n_c: training items of class c; K': classes
// that occur. A class that never occurs weighs 0 and counts for none.
//
//   none             all 1
//   balanced         N / (K' n_c)                          (King & Zeng 2001; scikit-learn's name). Also: auto
//   effective(beta)  (1 - beta) / (1 - beta^{n_c}), scaled so that they sum to K'; beta in [0, 1)
//                    (Cui et al. 2019, arXiv 1901.05555, equations 3 and 8 and the scaling of section 4: 0 is `none`,
//                    near 1 is `balanced`)
//   w_1,...,w_K      as given, each at least 0
#pragma once
#include <string>
#include <vector>

#include "attune/losses/facts.h"

namespace attune::losses {

// [K], or empty: all 1. Errors (usage): no such name, a beta out of range, numbers that are no weights or not K of
// them, counts that are needed and not known, no weight above 0.
std::vector<double> class_weights(const std::string& text, const LossFacts& facts);

}  // namespace attune::losses
