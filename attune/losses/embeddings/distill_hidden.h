// Distillation of hidden states: texts are to lie to each other as they do in a teacher.
//
//   item = sum over its texts r of  1/|S_r| sum_{s in S_r} ( cos(h_r, h_s) - cos(t_r, t_s) )^2
//
// h [m, C]: what the last layer reads of each text (classify, multilabel, regress: the pooled state; tag: each word's;
// embed: the vectors), before dropout; t [m, C_t]: the same of the teacher (Targets::teacher_hidden; --teacher FOLDER).
// S_r: the other texts of the step that count. Only relations are compared, so C_t may be any width, a rotation of the
// states changes nothing, and no projection has to be learned and thrown away. Denominator: texts that count and have
// company, times their item's u.
//
// Source: Tung & Mori 2019, arXiv 1907.09682, equations 2 to 4 (similarity-preserving: Gram matrices of a batch; there
// the norm is taken of rows of the Gram matrix, here of the states, so that it is the cosine) and Park et al. 2019,
// arXiv 1904.05068, section 3.2 (relational). In fine-tuning it stands beside the labels' own loss, as in
// cross_entropy + 10*distill_hidden; in an embedding task it may stand alone and reads no label.
//
// Edges: texts of ignored items and of weight 0, texts without a teacher's state (NaN), and every text of an
// evaluation, are as absent. A state without length has the cosine 0 with all and no gradient. Traps: a mean of squared
// cosines is small (0.01 is far apart), so its weight wants to be large; a step is evaluated as a whole
// (depends_on_batch).
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

extern const LossEntry kDistillHidden;

}  // namespace attune::losses
