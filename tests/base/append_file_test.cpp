#include "attune/base/append_file.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/small_disk.h"
#include "tests/base/temp_folder.h"

namespace attune {
namespace {

using test::slurp;
using test::TempFolder;

TEST(AppendFile, WhatWasWrittenIsThereWhileItIsOpen) {
  const TempFolder temp;
  AppendFile file(temp / "log");
  EXPECT_EQ(slurp(temp / "log"), "");
  file.write("one\n");
  EXPECT_EQ(slurp(temp / "log"), "one\n");
  file.write(std::string_view("t\0o\n", 4));
  file.write("");
  file.sync();
  EXPECT_EQ(slurp(temp / "log"), std::string("one\nt\0o\n", 8));
  EXPECT_EQ(file.path(), temp / "log");
}

TEST(AppendFile, ANewOneReplacesNothing) {
  const TempFolder temp;
  temp.put("log", "old");
  EXPECT_ERROR(ErrorKind::io, AppendFile(temp / "log"), (temp / "log").c_str());
  EXPECT_EQ(slurp(temp / "log"), "old");
  EXPECT_ERROR(ErrorKind::io, AppendFile(temp / "no/log"), "no/log");
}

TEST(AppendFile, GoesOnBehindTheBytesThatCount) {
  const TempFolder temp;
  temp.put("log", "kept, torn");
  AppendFile(temp / "log", 5).write("more");
  EXPECT_EQ(slurp(temp / "log"), "kept,more");
  AppendFile(temp / "log", 0).write("new");
  EXPECT_EQ(slurp(temp / "log"), "new");
  EXPECT_ERROR(ErrorKind::io, AppendFile(temp / "log", 4), "it has 3 bytes, 4 were written");
  EXPECT_EQ(slurp(temp / "log"), "new");
  EXPECT_ERROR(ErrorKind::io, AppendFile(temp / "none", 0), "none");
  EXPECT_FALSE(std::filesystem::exists(temp / "none"));
}

TEST(AppendFile, AFullDiskIsNamed) {
  const TempFolder temp;
  const test::SmallDisk disk(temp / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  AppendFile file(temp / "disk/log");
  EXPECT_ERROR(ErrorKind::io, file.write(std::string(100000, 'x')), "disk/log", "free some space");
}

}  // namespace
}  // namespace attune
