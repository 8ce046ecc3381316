#pragma once
#include "attune/text/aligned_text.h"

namespace attune::text {

// Lower-cases each character by itself; one that becomes several hands its stretch of the original to each.
void lowercase(AlignedText& text);

}  // namespace attune::text
