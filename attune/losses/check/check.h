// What a machine can say of a loss: is it its formula, is the gradient its derivative, does it stand at the edges.
//
//   value       items against the entry's naive reference, long double, shared parts applied by definition: f64 within
//               1e-9, f32 within 1e-5 (relative to the largest of 1 and the value; embeddings 5e-5, for products in
//               f32 are divided by small temperatures)
//   gradient    against central differences of fourth order in f64, within 1e-6; where constants are held, of
//               the reference with its constants held
//   extremes    logits of +-1e4 (embeddings: vectors of that length, and of none) in f32: values and gradients finite,
//               against f64's
//   ignored     all items ignored or unknown (pairs: of weight 0): 0 of 0, no gradient
//   few         no item; one item; two classes
//   soft        classes: a soft target costs the mean of the hard ones under it
//   weights     an item of weight 3 is three of them; one of weight 0 is as absent. Of embeddings that depend on their
//               batch the latter alone: three of a text are company that one is not
//   split       sums and denominators of parts add up, or the loss says that it depends on the batch and they do not
//   order       rows in another order; classes in another order (unless the labels' order means something)
//   shift       classes: adding a number to all logits changes nothing (where the entry says so)
//   padding     rows beyond the items get no gradient and change nothing
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "attune/losses/entry.h"

namespace attune::losses {

struct CheckResult {
  const char* check;
  double error = 0;    // the largest found
  double allowed = 0;  // what it may be
  std::string where;   // of the largest: options, labels, row; empty: nothing to say
  bool applies = true;

  bool passed() const { return !applies || error <= allowed; }
};

struct LossReport {
  std::string name;
  std::vector<CheckResult> results;

  bool passed() const;
  double error_of(std::string_view check) const;  // the largest; 0 where there is no such check
};

// Runs every check. Options are the defaults, then several others within their ranges; labels 2, 3 and 5.
LossReport check_loss(const LossEntry& entry);

}  // namespace attune::losses
