// Unicode normalisation forms, with the reference's tables and its bookkeeping of where each character came from.
#pragma once
#include "attune/text/aligned_text.h"

namespace attune::text {

enum class NormalForm { nfd, nfkd, nfc, nfkc };

// Brings `text` into the form (Unicode Standard Annex 15).
void apply_normal_form(NormalForm form, AlignedText& text);

}  // namespace attune::text
