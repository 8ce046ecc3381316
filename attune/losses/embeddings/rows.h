// The rows of an embedding task as its losses read them: which of the features' rows are a row's texts.
#pragma once
#include <string>
#include <vector>

#include "attune/losses/loss.h"

namespace attune::losses {

// Vectors shorter than this have no direction: their cosine with anything is 0, and they get no gradient from it.
inline constexpr double kShortest = 1e-12;

// Rows of features that the items' texts are. Beside a loss of classes an item is one text.
inline int64_t texts_of(const Targets& targets) {
  return targets.sequences.size() > 1 ? targets.sequences.back() : targets.items();
}

// Rows of features [first, last) of item i.
struct TextSpan {
  size_t first, last;
  size_t size() const { return last - first; }
};
inline TextSpan texts_of(const Targets& targets, int64_t i) {
  const auto at = static_cast<size_t>(i);
  if (targets.sequences.size() <= 1) return {at, at + 1};
  return {static_cast<size_t>(targets.sequences[at]), static_cast<size_t>(targets.sequences[at + 1])};
}

// The first of the two texts of scored item i.
inline size_t two_texts(const Targets& targets, size_t i) {
  const TextSpan texts = texts_of(targets, static_cast<int64_t>(i));
  ATTUNE_CHECK(texts.size() == 2, "row {} has {} text(s), expected two", i, texts.size());
  return texts.first;
}

// The classes of labelled items; kIgnored also where the weight is 0, for then an item is as absent.
std::vector<int32_t> classes_that_count(const Targets& targets);
// How many others have item i's class; 0 if it is ignored.
size_t others_of_class(std::span<const int32_t> classes, size_t i);

// 1 / |x| of each row of x [m, width]; 0 where it has no direction.
std::vector<double> inverse_lengths(std::span<const double> x, size_t width);

}  // namespace attune::losses
