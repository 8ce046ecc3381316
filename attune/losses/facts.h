// What a loss may know of the training data before the first step. It is kept with the model, so that the loss can be
// made again.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attune::losses {

struct LossFacts {
  int64_t labels = 1;                   // K; 1 for a score
  std::vector<double> counts = {};      // [K] training items that have the label (tagging: words); empty: not known
  double items = 0;                     // training items in all, N; 0: not known
  bool sequences = false;               // items are words of sentences (tagging)
  std::vector<std::string> names = {};  // [K] of the labels; empty: not known
};

}  // namespace attune::losses
