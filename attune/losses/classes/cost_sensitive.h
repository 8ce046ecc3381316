// The expected price of the answer, where mistakes have prices.
//
//   cost(z, y) = sum_c C[y, c] p_c;   d cost / d z_k = p_k (C[y, k] - cost)
//
// costs: K rows of K numbers, C[y, c]: the price of saying c where y is right. Denominator: class weights of the
// targets. Source: Elkan 2001, "The foundations of cost-sensitive learning", equation 1, as a smooth risk. Without
// `costs` every mistake costs 1, which is the mean absolute error 1 - p_y (Ghosh et al. 2017, arXiv 1712.09482): slow
// to train, like every bounded loss; 0.5*cross_entropy + 0.5*cost_sensitive(...) usually trains better.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct CostSensitiveOptions {
  std::string costs;  // rows parted by ';', numbers by ','
  void visit(OptionList& list);
};

extern const LossEntry kCostSensitive;

}  // namespace attune::losses
