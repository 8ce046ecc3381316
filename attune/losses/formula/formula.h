// A loss of the user's own, as a formula of one item: no compiler is needed.
//
//   formula: -(1-p[y])^g * log(p[y]); g=2
//
//   text       := 'formula:' sum { ';' NAME '=' VALUE }
//   sum        := product { ('+' | '-') product }
//   product    := signed { ('*' | '/') signed }
//   signed     := '-' signed | power                    -x^2 is -(x^2)
//   power      := indexed [ '^' signed ]                a^b^c is a^(b^c)
//   indexed    := primary { '[' 'y' ']' }
//   primary    := NUMBER | NAME | NAME '(' sum { ',' sum } ')' | where | '(' sum ')'
//   where      := 'where' '(' sum ('<' | '<=' | '>' | '>=' | '==') sum ',' sum ',' sum ')'
//
// Values. A vector has one number a class (or label), [K]; one number beside a vector stands for a vector of it. The
// result is one number an item.
//
//   classes      z [K] logits over the temperature; p [K] softmax(z); onehot [K], 1 at the class; y: the class, as an
//                index only: z[y], p[y], n[y], prior[y], (any vector)[y]
//   labels       z [K]; p [K] sigmoid(z); y [K] targets from 0 to 1, smoothed. A label that is not known (y < 0) is
//                left out of sum, mean, min, max and logsumexp
//   scores       z and y, numbers
//   all          t: share of the training done, 0 to 1
//   classes and  n [K] training items by label; prior [K] (n + 1/K) / (1 + sum of n), as logit_adjusted smooths it;
//   labels       K labels; N training items
//   NAME=NUMBER  behind ';', any number of them, each used
//
// Functions. Of numbers or vectors, element by element: + - * / ^, log exp sqrt abs tanh sigmoid softplus log1p expm1,
// min(a, b) max(a, b), where(condition, a, b). Over a vector: sum mean min max logsumexp (numbers), softmax log_softmax
// (vectors). stopgrad(x) is x, and no gradient passes.
//
// Options behind ';' that mean what they mean for losses of the list. Classes: weights, label_smoothing, temperature,
// soft targets (shared/class_loss.h). Labels: weights, label_smoothing, temperature (shared/label_loss.h), where a
// label's weight multiplies what it adds to sum, mean and logsumexp (0: left out there, and of max and min);
// divide_by=labels (known labels times their weights, as bce) or items (as zlpr). Scores: none.
//
// Gradients are exact: reverse-mode differentiation in f64 of a graph of which every subexpression stands once. Written
// plainly, the following are computed in stable form, however they are spelled: log of p, of 1-p, of sigmoid, of
// 1 + exp, of 1 - exp, of sums of (weighted) exponentials, products, quotients and powers of those; powers of p and
// 1-p; exp(a)/sum(exp(b)); 1-p; exp(a)-1. All forms: graph.h.
//
// Edges. x^c has the slope c x^(c-1), with 0^0 = 1; what is multiplied by 0 on its way back is 0, so that focal's
// gradient is 0 at p[y] = 1 for every g. At a kink: abs 0; min and max of equal numbers go to the first; where's
// condition has no gradient. Ignored items cost 0 before the formula is asked.
//
// Before it is given out it is tried, and refused if a value or a gradient is not finite (or too large for f32):
// ordinary logits, whose gradients must agree with central differences within 1e-5 (not where stopgrad is used), and
// logits of +-50 and +-1e4, all equal, one class far ahead, for each class (at most 200 of them, the rarest among
// them), at t = 0, 1/2 and 1 if t is read.
//
// Errors (usage), with the text and a caret: what does not parse (at most 4,096 characters, nested at most 100 deep);
// an unknown name or function (suggests the nearest); a vector where one number is needed and the other way round; n,
// prior or N that are not known; a number of the formula's own that is not used; an option that is wrong; a formula
// that does not depend on z; one that is not finite, with logits, class and value.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "attune/losses/entry.h"

namespace attune::losses {

// Whether the text of a loss is a formula: begins with 'formula:', behind spaces.
bool is_formula(std::string_view text);

std::unique_ptr<Loss> make_formula(const std::string& text, TargetKind kind, const LossFacts& facts);

// With single spaces: means the same, and is its own normal form. Errors (usage): as split (text.h).
std::string normalized_formula(const std::string& text);

// Whether formulas of this kind have the option, and whether the text tells it.
bool formula_has_option(TargetKind kind, std::string_view name);
bool formula_tells(const std::string& text, std::string_view name);

}  // namespace attune::losses
