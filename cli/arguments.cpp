#include "cli/arguments.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"

namespace attune::cli {

Arguments parse_arguments(const std::vector<std::string>& arguments, OptionList& options, size_t most_positional) {
  Arguments parsed;
  std::string config;
  bool options_end = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (options_end || argument == "-" || !argument.starts_with("-")) {
      parsed.positional.push_back(argument);
      continue;
    }
    if (argument == "--") {
      options_end = true;
      continue;
    }
    if (argument == "-h" || argument == "--help") {
      parsed.help = true;
      continue;
    }
    if (!argument.starts_with("--"))
      fail(ErrorKind::usage, "unknown option '{}'; options are written out, for example --{}", argument,
           argument.substr(1));
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    const bool is_config = name == "config";
    if (equals == std::string::npos && !is_config && options.is_flag(name)) {
      options.set(name, "true");
      continue;
    }
    if (equals == std::string::npos && i + 1 == arguments.size()) fail(ErrorKind::usage, "--{} needs a value", name);
    const std::string value = equals == std::string::npos ? arguments[++i] : argument.substr(equals + 1);
    if (is_config)
      config = value;
    else
      options.set(name, value);
  }
  if (parsed.positional.size() > most_positional)
    fail(ErrorKind::usage, "unexpected argument '{}'; see --help", parsed.positional[most_positional]);
  if (!config.empty() && !parsed.help)
    options.set_from_json(parse_json(read_file(config), config, ErrorKind::usage), config);
  if (!parsed.help) options.check_required();
  return parsed;
}

}  // namespace attune::cli
