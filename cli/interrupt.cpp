#include "cli/interrupt.h"

#include <csignal>
#include <string_view>
#include <unistd.h>

namespace attune::cli {
namespace {

std::atomic<bool> interrupted{false};

extern "C" void on_interrupt(int signal) {
  if (interrupted.exchange(true)) {
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
