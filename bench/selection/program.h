// What the programs of bench/selection share: errors are told, and a log can be watched.
#pragma once
#include <cstdio>
#include <fmt/core.h>

#include "attune/base/error.h"

namespace attune::bench {

// The exit status of run(argc, argv).
template <class Run>
int told(int argc, char** argv, const Run& run) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

}  // namespace attune::bench
