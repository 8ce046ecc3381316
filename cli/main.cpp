// attune's command line: finds the command, runs it, and turns whatever went wrong into one message and an exit code
// (0 done, 1 attune's own fault, 2 something the user can mend, 130 stopped on request, 141 nobody reads the output).
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <ios>
#include <new>
#include <string_view>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/base/utf8.h"

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/waiting_threads.h"

namespace attune::cli {
namespace {

constexpr int kDone = 0, kOwnFault = 1, kUserCanMend = 2, kOutputClosed = 141;

std::string overview() {
  std::string text =
      "attune fine-tunes and evaluates BERT-family models natively: Hugging Face folders in and out, no Python.\n\n"
      "usage: attune COMMAND [options]      attune COMMAND --help tells more\n\n";
  for (const Command& command : commands()) text += fmt::format("  {:<13}{}\n", command.name, command.summary);
  return text +
         "\nexamples:\n"
         "  attune train --model minilm --train train.csv --test test.csv --out runs/first\n"
         "  echo 'where is my parcel?' | attune predict --model runs/first\n"
         "\nattune --version prints the version.\n";
}

int run_command(const std::string& name, const ArgumentList& arguments) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (name == command.name) return command.run(arguments);
    names.emplace_back(command.name);
  }
  const bool option = name.starts_with("-");
  fail(ErrorKind::usage, "unknown {} '{}'{}; `attune --help` lists the commands", option ? "option" : "command", name,
       option ? "" : did_you_mean(name, names));
}

// What names files and labels ends up in JSON; a name in another encoding would break there, after the work.
void check_utf8(const ArgumentList& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i)
    if (utf8::first_invalid(arguments[i]))
      fail(ErrorKind::usage, "argument {} ('{}') is not valid UTF-8; rename the file, or give the name in UTF-8", i + 1,
           utf8::repaired(arguments[i]));
}

int run(const ArgumentList& arguments) {
  check_utf8(arguments);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    put(overview());
    return kDone;
  }
  if (arguments[0] == "--version") {
    put(fmt::format("attune {}\n", ATTUNE_VERSION));
    return kDone;
  }
  return run_command(arguments[0], {arguments.begin() + 1, arguments.end()});
}

int guarded(const ArgumentList& arguments) {
  try {
    const int code = run(arguments);
    flush_output();
    return code;
  } catch (const OutputClosed&) {
    return kOutputClosed;
  } catch (const Error& error) {
    std::fflush(stdout);  // what came before the error; a failure here would hide it
    tell(fmt::format("attune: {}\n", error.message()));
    for (const auto& where : error.context()) tell(fmt::format("  {}\n", where));
    if (error.kind() != ErrorKind::internal) return kUserCanMend;
    tell("  this is a fault of attune's own; please report it with the command that led here\n");
  } catch (const std::filesystem::filesystem_error& error) {
    tell(fmt::format("attune: {} (is there room, and may it be written to?)\n", error.what()));
    return kUserCanMend;
  } catch (const std::bad_alloc&) {
    tell("attune: out of memory; a smaller --batch-size or --max-length needs less\n");
    return kUserCanMend;
  } catch (const std::exception& error) {
    tell(fmt::format("attune: {}\n", error.what()));
  }
  return kOwnFault;
}

bool runs_long(std::string_view name) {
  return std::any_of(commands().begin(), commands().end(),
                     [&](const Command& command) { return command.runs_long && name == command.name; });
}

}  // namespace
}  // namespace attune::cli

int main(int argc, char** argv) {
  if (argc > 1 && attune::cli::runs_long(argv[1])) attune::cli::shorten_waits(argv);
  std::ios::sync_with_stdio(false);  // so that standard input can tell what has come and what is to be waited for
  std::signal(SIGPIPE, SIG_IGN);     // seen as a failed write instead, so that files being written are tidied up
  return attune::cli::guarded({argv + 1, argv + argc});
}
