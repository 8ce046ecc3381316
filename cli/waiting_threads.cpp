#include "cli/waiting_threads.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

#include "attune/base/threads.h"

namespace attune::cli {

void shorten_waits(char** argv) {
#if defined(_OPENMP) && defined(__GNUC__) && !defined(__clang__)
  // Turns of libgomp's loop: some tenths of a millisecond. 1,000 let threads fall asleep within a training step
  // (measured on Zen 4: up to 1.4 times the time on a quiet machine); 5,000 and more do not.
  constexpr const char* kTurns = "20000";
  if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY")) return;
  std::error_code unknown;
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe", unknown);  // (by its name, which `top` shows)
  if (unknown || ::setenv("GOMP_SPINCOUNT", kTurns, 1) != 0) return;
  allow_processors(allowed_processors());  // not only the one that OMP_PROC_BIND has tied this thread to
  ::execv(program.c_str(), argv);
#else
  static_cast<void>(argv);
#endif
}

}  // namespace attune::cli
