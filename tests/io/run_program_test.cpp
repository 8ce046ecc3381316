#include "attune/io/run_program.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::io {
namespace {

TEST(RunProgram, StatusAndBothOutputs) {
  const auto result = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.output, "out\nerr\n");
}

TEST(RunProgram, NothingGoesThroughAShell) {
  EXPECT_EQ(run_program({"echo", "$HOME; rm `x` '\" *"}).output, "$HOME; rm `x` '\" *\n");
}

TEST(RunProgram, NothingToReadAndSignals) {
  EXPECT_EQ(run_program({"cat"}).output, "");
  EXPECT_EQ(run_program({"sh", "-c", "kill -TERM $$"}).status, 128 + 15);
}

TEST(RunProgram, LongOutputKeepsItsEnd) {
  const auto result = run_program({"sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x; echo; echo end"});
  EXPECT_EQ(result.output.size(), size_t{16} << 10);
  EXPECT_TRUE(result.output.ends_with("x\nend\n"));
}

TEST(RunProgram, NotFound) {
  EXPECT_ERROR(ErrorKind::io, run_program({"attune-no-such-program"}), "cannot run attune-no-such-program",
               "No such file");
  EXPECT_ERROR(ErrorKind::internal, run_program({}), "no program");
}

}  // namespace
}  // namespace attune::io
