// Unicode normalisation forms, with the reference's tables and its bookkeeping of where each character came from.
#pragma once
#include "attune/text/aligned_text.h"

namespace attune::text {

enum class NormalForm { nfd, nfkd, nfc, nfkc };

// Brings `text` into the form (Unicode Standard Annex 15).
void apply_normal_form(NormalForm form, AlignedText& text);

// Whether `c` becomes the same text behind anything and before anything for which this holds too: nothing is put in
// order or joined across its edges.
bool is_local_in(NormalForm form, char32_t c);

}  // namespace attune::text
