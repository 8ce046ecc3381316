#include "attune/io/fingerprint.h"

#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"

namespace attune::io {
namespace {

using test::TempFolder;

std::string of(const TempFolder& temp) {
  return fingerprint_folder(temp.path(), model_file_names());
}

// config=$(printf '{}' | sha256sum | cut -c-64); weights=$(printf weights | sha256sum | cut -c-64)
// printf "config.json${config}model.safetensors${weights}" | sha256sum
TEST(Fingerprint, IsTheHashOfNamesAndHashes) {
  const TempFolder temp;
  temp.put("model.safetensors", "weights");
  temp.put("config.json", "{}");
  EXPECT_EQ(of(temp), "85790fdf8492544acb53a2ae0db49742d819c0aed515551fe85e798ff14226ba");
}

TEST(Fingerprint, IsOfTheModelAlone) {
  const TempFolder temp;
  temp.put("config.json", "{}");
  temp.put("model-00001-of-00002.safetensors", "a");
  const std::string before = of(temp);
  temp.put("README.md", "words");
  temp.put("below/config.json", "{}");
  EXPECT_EQ(of(temp), before);
  temp.put("model-00002-of-00002.safetensors", "b");
  const std::string more = of(temp);
  EXPECT_NE(more, before);
  temp.put("vocab.txt", "[PAD]");
  EXPECT_NE(of(temp), more);
}

TEST(Fingerprint, OfFilesAloneReadsNoWeights) {
  const TempFolder temp;
  temp.put("config.json", "{}");
  const std::string before = fingerprint_files(temp.path(), model_file_names());
  temp.put("model.safetensors", "weights");
  EXPECT_EQ(fingerprint_files(temp.path(), model_file_names()), before);
  EXPECT_NE(of(temp), before);
  temp.put("vocab.txt", "[PAD]");
  EXPECT_NE(fingerprint_files(temp.path(), model_file_names()), before);
}

TEST(Fingerprint, AFileUnderAnotherNameIsAnotherModel) {
  const TempFolder one;
  one.put("model.safetensors", "weights");
  const TempFolder other;
  other.put("other.safetensors", "weights");
  EXPECT_NE(of(one), of(other));
  const TempFolder same;
  same.put("model.safetensors", "weights");
  EXPECT_EQ(of(one), of(same));
}

}  // namespace
}  // namespace attune::io
