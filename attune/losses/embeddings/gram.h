// Every text of a batch with every other: one product of matrices on the tape, so that large batches cost little.
//
//   cosine         u_i . u_j,       u = x / |x|; a vector without length (rows.h) has u = 0 and no gradient
//   dot            x_i . x_j
//   chord          |u_i - u_j|^2  = |u_i|^2 + |u_j|^2 - 2 u_i . u_j
//   euclidean      |x_i - x_j|^2
//
// features [>= m, C] -> [m, m] in the run's summing type, m of any size; rows of features from m on get no gradient.
// Backward, with S = dG + dG^T: dU = S U; of squared distances dU = 2 (diag(S 1) - S) U; then through u = x / |x|:
// dx = (du - u (u . du)) / |x|.
//
// Squared distances come from a difference: what is below 1e-6 (f64: 1e-14) of the vectors' own squares is rounding,
// and made 0.
#pragma once
#include "attune/losses/loss.h"

namespace attune::losses {

enum class Measure { cosine, dot, chord, euclidean };

Tensor all_with_all(Context& context, const Tensor& features, int64_t m, Measure measure);

}  // namespace attune::losses
