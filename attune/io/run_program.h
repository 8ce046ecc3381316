// Another program, run without a shell.
#pragma once
#include <atomic>
#include <string>
#include <vector>

namespace attune::io {

struct ProgramResult {
  int status;          // its exit status; 128 + signal where a signal ended it
  std::string output;  // the last 16 kB of standard output and standard error together
};

// Runs `arguments` (the first is the program, found through PATH) with nothing to read, and waits for it. Nothing is
// given to a shell, so nothing needs to be quoted. Once `stop` is true the program is told to stop (SIGTERM, once), and
// waited for all the same. Errors (io): not found or not permitted.
ProgramResult run_program(const std::vector<std::string>& arguments, const std::atomic<bool>* stop = nullptr);

}  // namespace attune::io
