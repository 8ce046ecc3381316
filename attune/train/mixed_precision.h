// Which parts of a model bytes harm, found on some rows; what they then cost is for other rows to say.
//
// A part is what files call "embeddings" (the word table) or "encoder.layer.k". Each is made of bytes alone, all else
// as in the reference, and the parts are ordered by how far that turns the answers (PrecisionAnswers::distance_from).
// Then the first, the first two, ... of them are kept wide and the others made of bytes, until no harm is left.
#pragma once
#include <functional>
#include <vector>

#include "attune/train/precision_trial.h"

namespace attune::train {

struct PartTurned {
  int depth = 0;
  double distance = 0;
};

struct MixtureTried {
  std::vector<int> wide;  // depths, those that turn most first
  HarmFound found;
};

struct MixedSearch {
  std::vector<PartTurned> parts;      // those that turn most first
  std::vector<MixtureTried> tried;    // [i] keeps the first i parts
  std::optional<size_t> chosen = {};  // of `tried`, not the first; nothing: none left the answers as they were
};

// Answers of the model with `wide` kept, to the rows that the choice is made on.
using AnswersWith = std::function<PrecisionAnswers(const std::vector<int>& wide)>;

// Of a model of `layers` layers. Chosen is the first mixture that is safe on these rows; where there are too few to
// show that of any, the first whose fall, as it looks, is at most half the margin. Never a mixture without a part in
// bytes. Errors: those of find_harm.
MixedSearch search_mixture(int64_t layers, const PrecisionAnswers& reference, const AnswersWith& answers_with,
                           const HarmQuestion& question);

}  // namespace attune::train
