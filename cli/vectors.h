// Texts of a file and their vectors, some at a time: what `attune embed` and `attune search` have in common.
#pragma once
#include <functional>
#include <span>
#include <string>

#include "attune/data/read_options.h"
#include "attune/train/text_vectors.h"

namespace attune::cli {

using train::check_embeds;
using train::vectors_of;

// Reads texts of `path` ("-": standard input) and calls `take` with some and their vectors, as they come. What was
// recognised goes to standard error. Errors: those of the readers, after what stood before was taken.
using TakeVectors = std::function<void(std::span<const data::Example>, std::span<const float>)>;
void each_vector(train::Predictor& predictor, const std::string& path, const data::ReadOptions& read,
                 const TakeVectors& take);

}  // namespace attune::cli
