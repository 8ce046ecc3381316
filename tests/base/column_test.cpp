#include "attune/base/column.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/small_disk.h"
#include "tests/base/temp_folder.h"

namespace attune {
namespace {

namespace fs = std::filesystem;

TEST(Column, HoldsWhatWasAppended) {
  const test::TempFolder folder;
  for (const auto& where : {fs::path(), folder / "."}) {
    Column<int32_t> column(where);
    column.seal();
    EXPECT_EQ(column.size(), 0);
    EXPECT_TRUE(column.values().empty());
    for (int32_t i = 0; i < 100000; ++i) column.push_back(i);
    column.append(std::vector<int32_t>{-1, -2});
    column.seal();
    ASSERT_EQ(column.size(), 100002);
    ASSERT_EQ(column.values().size(), 100002u);
    for (int32_t i = 0; i < 100000; ++i) ASSERT_EQ(column[i], i);
    EXPECT_EQ(column.values().back(), -2);
    column.push_back(5);
    column.seal();
    column.let_go();
    EXPECT_EQ(column[0], 0);
    EXPECT_EQ(column[100002], 5);
    const Column<int32_t> moved = std::move(column);
    EXPECT_EQ(moved[99999], 99999);
    EXPECT_TRUE(fs::is_empty(folder / ".")) << "nothing of it can be seen, and nothing can be left behind";
  }
}

TEST(ScratchFile, SaysWhereItCannotBeMade) {
  const test::TempFolder folder;
  EXPECT_ERROR(ErrorKind::io, ScratchFile(folder / "missing"), "missing", "No such file", "may it be written to?");
}

TEST(ScratchFile, AFullDiskIsNamedWithWhatWasWritten) {
  const test::TempFolder folder;
  const test::SmallDisk disk(folder / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a small disk";
  Column<int64_t> column(folder / "disk");
  const auto fill = [&] {
    for (int64_t i = 0; i < 20000; ++i) column.push_back(i);
    column.seal();
  };
  EXPECT_ERROR(ErrorKind::io, fill(), "disk: No space left on device", "65536 bytes were written", "0 bytes are free");
}

TEST(ScratchFolder, IsTheNearestThatExists) {
  const test::TempFolder folder;
  EXPECT_TRUE(fs::equivalent(scratch_folder_for(folder / "runs" / "a"), folder.path()));
  EXPECT_TRUE(fs::equivalent(scratch_folder_for(folder / ""), folder.path()));
  EXPECT_TRUE(fs::equivalent(scratch_folder_for("no-such-run"), fs::current_path()));
}

}  // namespace
}  // namespace attune
