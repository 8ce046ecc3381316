// A process told from all others, so that one can say later whether it still runs.
#pragma once
#include <optional>
#include <string>

namespace attune::track {

// "BOOT PID_NAMESPACE PID START": the system's boot id, the namespace that the number counts in, the number, and when
// the process started (clock ticks after boot): numbers are used again, these four are not. Empty where the system does
// not say.
std::string this_process();

// Whether that process runs; nothing where it cannot be seen from here (another machine, boot or container).
std::optional<bool> is_running(const std::string& process);

}  // namespace attune::track
