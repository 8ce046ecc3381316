// The options that a caller of the C interface gives, as JSON.
#pragma once
#include "attune/base/options.h"

namespace attune::c {

// `text`: a JSON object, or NULL for none. Errors (usage): no JSON, and those of OptionList::set_from_json.
void read_options(const char* text, OptionList& list);

}  // namespace attune::c
