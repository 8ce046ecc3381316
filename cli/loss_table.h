// The catalogue's evidence as a page: formula, source, largest errors and cost of every loss.
#pragma once
#include <span>
#include <string>

#include "attune/losses/check/check.h"

namespace attune::cli {

// Markdown, of reports in the order of the list. Measures what each loss costs; a check that failed is named in its
// row.
std::string loss_table(std::span<const losses::LossReport> reports);

}  // namespace attune::cli
