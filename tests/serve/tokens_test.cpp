#include "attune/serve/tokens.h"

#include <gtest/gtest.h>

#include "attune/base/files.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::serve {
namespace {

TEST(Tokens, AnyOfAFile) {
  const test::TempFolder folder;
  const auto file = folder.path() / "tokens";
  write_file_atomically(file, "# of the shop\nabcdefghijklmnop\n\n  qrstuvwxyz0123456789\r\n");
  const Tokens tokens(file);
  EXPECT_TRUE(tokens.allow("Bearer abcdefghijklmnop"));
  EXPECT_TRUE(tokens.allow("bearer  qrstuvwxyz0123456789 "));
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer abcdefghijklmno", "Bearer abcdefghijklmnopq",
                            "Basic abcdefghijklmnop", "abcdefghijklmnop", "Bearer # of the shop"})
    EXPECT_FALSE(tokens.allow(wrong)) << wrong;
}

TEST(Tokens, NoneLetsEverybody) {
  EXPECT_FALSE(Tokens().any());
  EXPECT_TRUE(Tokens().allow(""));
}

TEST(Tokens, SaysWhatIsWrongWithAFile) {
  const test::TempFolder folder;
  const auto file = folder.path() / "tokens";
  write_file_atomically(file, "# nothing\n\n");
  EXPECT_ERROR(ErrorKind::usage, Tokens{file}, "no token in it");
  write_file_atomically(file, "abcdefghijklmnop\nshort\n");
  EXPECT_ERROR(ErrorKind::usage, Tokens{file}, "line 2", "5 characters", "openssl rand");
  EXPECT_ERROR(ErrorKind::io, Tokens{folder.path() / "tokenz"}, "tokenz", "did you mean");
}

}  // namespace
}  // namespace attune::serve
