#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace attune::cli {

size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace attune::cli
