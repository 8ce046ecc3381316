// The terminal that standard error goes to.
#pragma once
#include <cstddef>

namespace attune::cli {

// Its columns; 80 where it does not say.
size_t terminal_width();

}  // namespace attune::cli
