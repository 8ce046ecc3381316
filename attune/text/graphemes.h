// Grapheme clusters: what a reader takes for one character (Unicode Standard Annex 29, extended clusters).
#pragma once
#include <span>

#include "attune/text/aligned_text.h"

namespace attune::text {

// How many of `chars` (not empty) make up the first cluster.
size_t grapheme_length(std::span<const AlignedChar> chars);

}  // namespace attune::text
