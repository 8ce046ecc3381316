// What an encoder says of each text as one vector: the mean of its last hidden states. What linear models on the
// untouched encoder read.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "attune/train/split.h"

namespace attune::train {

struct MeanStatesOptions {
  int64_t batch_size = 64;          // rows at once; changes no result
  std::function<bool()> stop = {};  // asked between batches
};

// [sequences of `rows`, hidden]. Nothing where it was stopped.
std::optional<std::vector<float>> mean_states(const models::Model& model, kernels::Kernels& kernels, const Split& split,
                                              std::span<const int32_t> rows, const MeanStatesOptions& options);

}  // namespace attune::train
