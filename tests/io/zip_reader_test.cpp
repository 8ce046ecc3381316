#include "attune/io/zip_reader.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/make_zip.h"
#include "tests/io/safetensors_bytes.h"

namespace attune::io {
namespace {

using test::as_bytes;
using test::make_zip;
using test::slurp;
using test::TempFolder;

std::string noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t x = 1;
  for (char& c : bytes) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST(ZipReader, ReadsEntries) {
  const TempFolder temp;
  const std::string large = noise(300000), zeros(1 << 20, '\0');
  const ZipReader zip(
      make_zip(temp / "a.zip", {{"x/a.txt", "hello"}, {"large", large}, {"zeros", zeros}, {"empty", ""}}));
  EXPECT_EQ(zip.names(), (std::vector<std::string>{"x/a.txt", "large", "zeros", "empty"}));
  EXPECT_TRUE(zip.has("x/a.txt"));
  EXPECT_FALSE(zip.has("a.txt"));
  EXPECT_EQ(zip.read("x/a.txt"), "hello");
  EXPECT_EQ(zip.read("large"), large);
  EXPECT_EQ(zip.read("zeros"), zeros);
  EXPECT_EQ(zip.read("empty"), "");
  zip.extract("large", temp / "out");
  EXPECT_EQ(slurp(temp / "out"), large);
}

TEST(ZipReader, FromMemory) {
  const TempFolder temp;
  const std::string bytes = slurp(make_zip(temp / "a.zip", {{"a", "hello"}}));
  EXPECT_EQ(ZipReader(as_bytes(bytes), "memory").read("a"), "hello");
}

TEST(ZipReader, Errors) {
  const TempFolder temp;
  const ZipReader zip(make_zip(temp / "a.zip", {{"model.json", "hello"}}));
  EXPECT_ERROR(ErrorKind::io, zip.read("modle.json"), "a.zip", "no entry 'modle.json'", "did you mean 'model.json'?");
  EXPECT_ERROR(ErrorKind::io, zip.read("model.json", 4), "larger than the 4 bytes");
  EXPECT_ERROR(ErrorKind::io, zip.extract("model.json", temp / "out", 4), "larger than");
  EXPECT_FALSE(std::filesystem::exists(temp / "out"));
  EXPECT_ERROR(ErrorKind::io, ZipReader(temp.put("b.zip", "no zip at all")), "b.zip", "not a whole zip archive",
               "download it again");
  EXPECT_ERROR(ErrorKind::io, ZipReader(temp / "c.zip"), "No such file");
  EXPECT_ERROR(ErrorKind::io, ZipReader({}, "nothing"), "nothing is not a whole zip archive");
}

TEST(ZipReader, DamagedContentIsNoticed) {
  const TempFolder temp;
  std::string bytes = slurp(make_zip(temp / "a.zip", {{"a", noise(1000)}}));
  bytes[500] = static_cast<char>(bytes[500] ^ 1);
  EXPECT_ERROR(ErrorKind::io, ZipReader(as_bytes(bytes), "m").read("a"), "entry 'a' is damaged");
  bytes.resize(bytes.size() - 30);
  EXPECT_ERROR(ErrorKind::io, ZipReader(as_bytes(bytes), "m"), "not a whole zip archive");
}

TEST(ZipReader, AnUnknownCompressionIsSaid) {
  const TempFolder temp;
  std::string bytes = slurp(make_zip(temp / "a.zip", {{"a", noise(100)}}));
  bytes[8] = 97;                                        // the method in the local header
  bytes[bytes.rfind(std::string("PK\1\2")) + 10] = 97;  // and in the directory
  EXPECT_ERROR(ErrorKind::io, ZipReader(as_bytes(bytes), "m").read("a"), "entry 'a' cannot be read");
}

}  // namespace
}  // namespace attune::io
