#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "attune/base/error.h"

namespace attune::cli {
namespace {

void check(bool written) {
  if (written) return;
  if (errno == EPIPE) throw OutputClosed{};
  fail(ErrorKind::io, "standard output: {}; what was printed so far is not complete", std::strerror(errno));
}

}  // namespace

void put(std::string_view text) {
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_output() {
  check(std::fflush(stdout) == 0);
}

void tell(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string help_text(std::string_view usage, std::string_view summary, const OptionList& options) {
  return fmt::format(
      "usage: {}\n\n{}\n\n{}\n"
      "All options may stand in a JSON file too, for example {{\"threads\": 2}}: --config FILE; flags win.\n",
      usage, summary, options.help());
}

}  // namespace attune::cli
