// Distillation of a score: towards what a teacher says of the same row.
//
//   item = (z - v)^2
//
// outputs z [n, 1], the teacher's v [n, 1] (Targets::teacher; --teacher FOLDER). Denominator: items that the teacher
// answers, times u. The score itself is read only for whether it is known.
//
// Source: Ba & Caruana 2014, arXiv 1312.6184, equation 1 (regression on the teacher's outputs). The objective is this
// and the score's own: 0.5*mse + 0.5*distill_score.
//
// Edges: an item without a teacher's answer (NaN) or without a score, and every item of an evaluation, costs 0 and
// counts for nothing.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

extern const LossEntry kDistillScore;

}  // namespace attune::losses
