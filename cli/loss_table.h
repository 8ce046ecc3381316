// The catalogue's evidence as a page: formula, source, largest errors and cost of every loss.
#pragma once
#include <string>

namespace attune::cli {

// Markdown. Runs every check; the last line of each table's row says what failed, if anything.
std::string loss_table();

}  // namespace attune::cli
