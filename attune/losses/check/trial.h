// One loss on one batch, as a training step would run it: values and gradients in f64 (plain kernels) or f32 (the
// processor's).
#pragma once
#include <vector>

#include "attune/losses/objective.h"

namespace attune::losses {

struct Batch {
  int64_t columns = 1;         // outputs of the last layer, P; of embeddings C
  std::vector<double> logits;  // [n, P]; of embeddings the texts' vectors [texts, C]
  Targets targets;
  std::vector<double> own = {};  // the loss's own parameters, in their order

  int64_t rows() const { return columns > 0 ? static_cast<int64_t>(logits.size()) / columns : 0; }
};

struct Outcome {
  std::vector<double> items;  // as the loss returned them: of rows, or of what it counts
  double sum = 0;             // sum_i u_i item_i
  double denominator = 0;
  std::vector<double> d_logits;  // [n, P] of the sum
  std::vector<double> d_own;     // of the sum by the loss's own parameters
  double padding = 0;            // largest gradient that a row beyond the items received; 0 in a sound loss
};

enum class Precision { f32, f64 };

// Gradients are those of the sum. `loss`: fresh, for its own parameters become this trial's.
Outcome try_loss(Loss& loss, const Batch& batch, Precision precision, double progress = 0);

}  // namespace attune::losses
