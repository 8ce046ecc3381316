// The page of a study: one file, nothing else needed.
#pragma once
#include <string>

#include "attune/study/outcome.h"

namespace attune::study {

std::string to_html(const Outcome& outcome);

}  // namespace attune::study
