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

// The class of labelled item i; kIgnored also where it has weight 0, for then it is as absent.
inline int32_t class_of(const Targets& targets, int64_t i) {
  return targets.weight(i) > 0 ? targets.classes[static_cast<size_t>(i)] : kIgnored;
}

// One item for each of the targets', with their weights.
LossTerm item_term(Context& context, const Targets& targets, const Tensor& items, double denominator);

}  // namespace attune::losses
