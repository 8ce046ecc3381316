// A command line against a list of options: --name value, --name=value, --flag, --no-flag, and what stands alone.
#pragma once
#include <string>
#include <vector>

#include "attune/base/options.h"

namespace attune::cli {

struct Arguments {
  std::vector<std::string> positional;
  bool help = false;
};

// Sets what `arguments` says. `--config FILE` (JSON) fills what no flag gave; flags win. "--" ends the options; a lone
// "-" is positional (standard input). Errors (usage): unknown option (suggests), a missing value, more than
// `most_positional`.
Arguments parse_arguments(const std::vector<std::string>& arguments, OptionList& options, size_t most_positional);

}  // namespace attune::cli
