// Ctrl-C that finishes the step at hand.
#pragma once
#include <atomic>

namespace attune::cli {

// From here on the first SIGINT, SIGTERM or SIGHUP (a lost terminal) sets the flag that is returned, and says so; the
// same one again ends the program.
const std::atomic<bool>& watch_for_interrupts();

}  // namespace attune::cli
