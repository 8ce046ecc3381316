// A `python3` first on PATH that does what a test says.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/base/temp_folder.h"
#include "tests/io/set_environment.h"

namespace attune::test {

class FakePython {
 public:
  // `script` is the body of a shell script; $dest is pip's folder for the download, $package the last argument.
  explicit FakePython(const std::string& script) : path_("PATH", folder_.path().string() + ":" + std::getenv("PATH")) {
    const auto program = folder_.put(
        "python3", "#!/bin/sh\nfor a in \"$@\"; do case $a in --dest=*) dest=${a#--dest=};; esac; package=$a; done\n" +
                       script + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }

 private:
  TempFolder folder_;
  SetEnvironment path_;
};

}  // namespace attune::test
