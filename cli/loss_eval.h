// attune loss eval: a loss on logits (embeddings: vectors) and targets out of files.
#pragma once
#include <string>

#include "attune/base/options.h"

namespace attune::cli {

struct LossEvalOptions {
  std::string logits, targets, teacher, weights, out, grad;
  std::vector<double> counts;
  double items = 0;
  double progress = 1;
  std::string precision = "f64";
  std::string table;
  std::string task = "classify";  // of a formula
  int64_t texts_per_row = 2;      // of losses of pairs

  void visit(OptionList& list);
};

// Prints the objective and its terms; writes items and gradients where asked. Errors (usage, input): shapes that do not
// fit each other or the loss, targets that are none.
void evaluate_loss(const std::string& text, const LossEvalOptions& options);

}  // namespace attune::cli
