#include "attune/base/files.h"

#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attune/base/error.h"

#include "tests/base/expect_error.h"
#include "tests/base/small_disk.h"
#include "tests/base/temp_folder.h"

namespace attune {
namespace {

using test::slurp;
using test::SmallDisk;
using test::TempFolder;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

int entries(const fs::path& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ReadFile, GivesEveryByte) {
  const TempFolder temp;
  std::string bytes("a\0\r\n\xff", 5);
  for (const size_t size : {size_t{5}, size_t{0}, size_t{3 << 20}}) {
    bytes.resize(size, 'z');
    EXPECT_EQ(read_file(temp.put("x", bytes)), bytes) << size;
  }
}

TEST(ReadFile, ReadsFilesThatHaveNoSize) {
  EXPECT_FALSE(read_file("/proc/self/stat").empty());
}

TEST(ReadFile, MissingNamesPathAndNearest) {
  const TempFolder temp;
  temp.put("train.csv", "x");
  EXPECT_ERROR(ErrorKind::io, read_file(temp / "tran.csv"), (temp / "tran.csv").string(), "No such file or directory",
               "did you mean 'train.csv'?");
  EXPECT_ERROR(ErrorKind::io, read_file(temp / "no/where"), "No such file or directory");
}

TEST(ReadFile, FolderAndForbidden) {
  const TempFolder temp;
  EXPECT_ERROR(ErrorKind::io, read_file(temp.path()), temp.path().string(), "Is a directory");
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything: the forbidden file is not tested";
  ::chmod(temp.put("secret", "x").c_str(), 0);
  EXPECT_ERROR(ErrorKind::io, read_file(temp / "secret"), "Permission denied");
}

TEST(WriteFileAtomically, ReplacesAndLeavesNothingBeside) {
  const TempFolder temp;
  write_file_atomically(temp / "a", "one");
  EXPECT_EQ(slurp(temp / "a"), "one");
  const std::string large(5 << 20, 'q');
  write_file_atomically(temp / "a", large);
  EXPECT_EQ(slurp(temp / "a"), large);
  EXPECT_EQ(entries(temp.path()), 1);
}

TEST(WriteFileAtomically, MissingFolder) {
  const TempFolder temp;
  EXPECT_ERROR(ErrorKind::io, write_file_atomically(temp / "no/a", "x"), (temp / "no/a").string(),
               "No such file or directory", "is its folder there");
}

TEST(WriteFileAtomically, TargetIsAFolder) {
  const TempFolder temp;
  fs::create_directory(temp / "a");
  EXPECT_ERROR(ErrorKind::io, write_file_atomically(temp / "a", "x"), "Is a directory", "nothing was changed");
  EXPECT_EQ(entries(temp.path()), 1);
}

TEST(WriteFileAtomically, DiskFullKeepsTheOldFile) {
  const TempFolder temp;
  const SmallDisk disk(temp / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no tmpfs could be mounted here (needs root): a full disk is not tested";
  write_file_atomically(temp / "disk/model", "old");
  const std::string large(1 << 20, 'x');
  EXPECT_ERROR(ErrorKind::io, write_file_atomically(temp / "disk/model", large), (temp / "disk/model").string(),
               "No space left on device", "free some space", "nothing was changed");
  EXPECT_EQ(slurp(temp / "disk/model"), "old");
  EXPECT_EQ(entries(temp / "disk"), 1);
}

TEST(AtomicFile, DroppedWithoutCommitLeavesTheOldFile) {
  const TempFolder temp;
  temp.put("a", "old");
  {
    AtomicFile file(temp / "a");
    file.write("new");
    EXPECT_EQ(entries(temp.path()), 2);
  }
  EXPECT_EQ(slurp(temp / "a"), "old");
  EXPECT_EQ(entries(temp.path()), 1);
}

TEST(AtomicFile, PiecesInOrderAndNoWriteAfterCommit) {
  const TempFolder temp;
  AtomicFile file(temp / "a");
  file.write("one ");
  file.write(std::as_bytes(std::span<const char>("two", 3)));
  file.commit();
  EXPECT_EQ(slurp(temp / "a"), "one two");
  EXPECT_ERROR(ErrorKind::internal, file.write("x"), "committed already");
  EXPECT_ERROR(ErrorKind::internal, file.write_at(0, {}), "committed already");
  EXPECT_ERROR(ErrorKind::internal, file.commit(), "committed already");
}

TEST(AtomicFile, WritesAtPlaces) {
  const TempFolder temp;
  AtomicFile file(temp / "a");
  file.write("head ");
  file.write_at(8, std::as_bytes(std::span<const char>("two", 3)));
  file.write_at(5, std::as_bytes(std::span<const char>("one", 3)));
  file.commit();
  EXPECT_EQ(slurp(temp / "a"), "head onetwo");
}

TEST(MappedFile, MapsMovesAndTakesEmptyFiles) {
  const TempFolder temp;
  MappedFile first(temp.put("a", "hello"));
  const MappedFile second(std::move(first));
  EXPECT_EQ(text_of(second.bytes()), "hello");
  EXPECT_TRUE(first.bytes().empty());
  EXPECT_TRUE(MappedFile(temp.put("empty", "")).bytes().empty());
}

TEST(MappedFile, Errors) {
  const TempFolder temp;
  EXPECT_ERROR(ErrorKind::io, MappedFile(temp / "no"), (temp / "no").string(), "No such file or directory");
  EXPECT_ERROR(ErrorKind::io, MappedFile(temp.path()), temp.path().string(), "not a regular file");
}

TEST(AtomicFolder, AppearsOnlyOnCommit) {
  const TempFolder temp;
  const fs::path target = temp / "runs/a";
  {
    AtomicFolder folder(target);
    write_file_atomically(folder.path() / "x", "1");
    EXPECT_FALSE(fs::exists(target));
  }
  EXPECT_EQ(entries(temp / "runs"), 0);
  AtomicFolder folder(target.string() + "/");
  write_file_atomically(folder.path() / "x", "2");
  folder.commit();
  EXPECT_EQ(slurp(target / "x"), "2");
  EXPECT_EQ(entries(temp / "runs"), 1);
  EXPECT_ERROR(ErrorKind::internal, folder.commit(), "committed already");
}

TEST(AtomicFolder, ReplacesAWholeFolder) {
  const TempFolder temp;
  temp.put("a/old", "1");
  AtomicFolder folder(temp / "a");
  write_file_atomically(folder.path() / "new", "2");
  EXPECT_EQ(slurp(temp / "a/old"), "1");
  folder.commit();
  EXPECT_EQ(slurp(temp / "a/new"), "2");
  EXPECT_FALSE(fs::exists(temp / "a/old"));
  EXPECT_EQ(entries(temp.path()), 1);
}

TEST(AtomicFolder, ClearsWhatAKilledProcessLeft) {
  const TempFolder temp;
  temp.put(fmt::format("a.tmp-{}/rest", ::getpid()), "1");
  AtomicFolder folder(temp / "a");
  folder.commit();
  EXPECT_EQ(entries(temp / "a"), 0);
}

TEST(AtomicFolder, ParentIsAFile) {
  const TempFolder temp;
  temp.put("a", "");
  EXPECT_ERROR(ErrorKind::io, AtomicFolder(temp / "a/b"), "cannot make the folder", (temp / "a/b").string(),
               "Not a directory");
}

TEST(SyncPath, FilesFoldersAndMissing) {
  const TempFolder temp;
  sync_path(temp.put("a", "x"));
  sync_path(temp.path());
  EXPECT_ERROR(ErrorKind::io, sync_path(temp / "b"), (temp / "b").string());
}

// FIPS 180-4 examples.
TEST(Sha256, KnownValues) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TempFolder temp;
  EXPECT_EQ(sha256_file(temp.put("a", std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_ERROR(ErrorKind::io, sha256_file(temp / "no"), "No such file");
}

}  // namespace
}  // namespace attune
