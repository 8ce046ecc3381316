// A model's hash, where the model is an adapter over a base: PEFT's folder, which does not say whose it is, and
// attune's.
#include <gtest/gtest.h>

#include "attune/tasks/int8_record.h"

#include "tests/base/temp_folder.h"

namespace attune::tasks {
namespace {

using test::TempFolder;

// "base_model_name_or_path" is "base" in the golden folder: the folder of that name in it.
void put_adapter(const TempFolder& temp) {
  for (const auto& file : std::filesystem::directory_iterator(ATTUNE_TEST_DATA "/models/golden/peft_ranks/lora"))
    std::filesystem::copy(file, temp.path());
  temp.put("base/config.json", "{}");
  temp.put("base/vocab.txt", "[PAD]");
  temp.put("base/model.safetensors", "weights");
}

TEST(FolderHash, OfAnAdapterIsOfItsBaseToo) {
  const TempFolder temp;
  put_adapter(temp);
  const std::string before = folder_hash(temp.path());
  EXPECT_EQ(folder_hash(temp.path()), before);
  temp.put("base/README.md", "words");
  EXPECT_EQ(folder_hash(temp.path()), before);
  temp.put("base/model.safetensors", "others");
  const std::string other_weights = folder_hash(temp.path());
  EXPECT_NE(other_weights, before);
  temp.put("base/vocab.txt", "[UNK]");
  EXPECT_NE(folder_hash(temp.path()), other_weights);
}

// The record says which weights the adapter belongs to, and others are refused when it is opened: they are not read
// here.
TEST(FolderHash, LeavesWeightsThatTheRecordKnows) {
  const TempFolder temp;
  put_adapter(temp);
  temp.put("attune.json", R"({"base": {"name": "base", "encoder_sha256": "00"}})");
  const std::string before = folder_hash(temp.path());
  temp.put("base/model.safetensors", "others");
  EXPECT_EQ(folder_hash(temp.path()), before);
  temp.put("base/vocab.txt", "[UNK]");
  EXPECT_NE(folder_hash(temp.path()), before);
  temp.put("attune.json", R"({"base": {"name": "base", "encoder_sha256": "11"}})");
  const std::string other_base = folder_hash(temp.path());
  temp.put("head_config.json", "{}");
  EXPECT_NE(folder_hash(temp.path()), other_base);
}

}  // namespace
}  // namespace attune::tasks
