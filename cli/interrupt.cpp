#include "cli/interrupt.h"

#include <csignal>
#include <cstdint>
#include <string_view>
#include <unistd.h>

namespace attune::cli {
namespace {

std::atomic<bool> interrupted{false};
std::atomic<uint64_t> heard{0};  // a bit a signal

// The same signal again is meant at once. Another one is not: Ctrl-C reaches every process of a terminal's group, and
// who started this one may pass on a SIGTERM after it (io::run_program).
extern "C" void on_interrupt(int signal) {
  const uint64_t bit = uint64_t{1} << signal;
  const bool again = heard.fetch_or(bit) & bit;
  if (interrupted.exchange(true) && !again) return;
  if (again) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  constexpr std::string_view kHeard =
      "\nstopping as soon as this step is done and saved; once more: at once, unsaved\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kHeard.data(), kHeard.size());
}

}  // namespace

const std::atomic<bool>& watch_for_interrupts() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, on_interrupt);
  return interrupted;
}

}  // namespace attune::cli
