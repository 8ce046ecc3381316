// Adversarial training on embeddings (fast gradient method): each text once as it is, and once with its word embeddings
// moved a little in the direction that costs most.
//
//   r_b = epsilon g_b / |g_b|,  g_b [T, C] the gradient of the objective by the sums of embeddings of sequence b
//   objective = ( J(x) + J(x + r) ) / 2,  r taken as given
//
// The move is made at the sum of word, position and segment embeddings, before LayerNorm, by sequence, so that a split
// into micro-batches changes nothing; no weight is touched (common code moves the embedding table by the batch's norm,
// and has to put it back). Both passes have the same dropout. Source: Miyato et al. 2017, arXiv 1605.07725, equations 4
// and 5, there on normalised embeddings of an LSTM; epsilon 1 is common code's. Costs a second pass. Errors: embeddings
// that are frozen have no gradient.
#pragma once
#include "attune/losses/strategy.h"
#include "attune/train/strategy.h"

namespace attune::train {

class Fgm final : public Strategy {
 public:
  explicit Fgm(const losses::FgmOptions& told) : epsilon_(told.epsilon) {}
  double run(const MicroBatch& micro) const override;

 private:
  double epsilon_;
};

}  // namespace attune::train
