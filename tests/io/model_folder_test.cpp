#include "attune/io/model_folder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/safetensors_bytes.h"

namespace attune::io {
namespace {

using test::safetensors_bytes;
using test::TempFolder;

std::string one_tensor(const std::string& name) {
  return safetensors_bytes("{\"" + name + R"(": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
}

void put_whole(const TempFolder& temp) {
  temp.put("config.json", R"({"model_type": "bert"})");
  temp.put("model.safetensors", one_tensor("w"));
  temp.put("vocab.txt", "[PAD]\n");
}

TEST(ModelFolder, OpensOneFile) {
  const TempFolder temp;
  put_whole(temp);
  const ModelFolder model = ModelFolder::open(temp.path());
  EXPECT_EQ(model.path(), temp.path());
  EXPECT_EQ(model.config()["model_type"], "bert");
  EXPECT_EQ(model.config_text(), R"({"model_type": "bert"})");
  ASSERT_EQ(model.tensors().size(), 1u);
  EXPECT_EQ(model.find("w"), model.tensors()[0]);
  EXPECT_EQ(model.find("v"), nullptr);
  std::vector<float> out(2, 7.0f);
  model.read_f32("w", out);
  EXPECT_EQ(out, (std::vector<float>{0, 0}));
  EXPECT_ERROR(ErrorKind::model, model.read_f32("ww", out), temp.path().string(), "no tensor 'ww'",
               "did you mean 'w'?");
  out.resize(3);
  EXPECT_ERROR(ErrorKind::model, model.read_f32("w", out), "model.safetensors", "holds 2 numbers, expected 3");
}

TEST(ModelFolder, TokenizerJsonIsAVocabularyToo) {
  const TempFolder temp;
  put_whole(temp);
  fs::rename(temp / "vocab.txt", temp / "tokenizer.json");
  ModelFolder::open(temp.path());
}

TEST(ModelFolder, NoFolder) {
  const TempFolder temp;
  temp.put("runs/a", "");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp / "run"), "there is no model folder", "did you mean 'runs'?");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp / "runs/a"), "is a file; a model is given by its folder");
}

TEST(ModelFolder, Config) {
  const TempFolder temp;
  put_whole(temp);
  temp.put("config.json", "{");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), (temp / "config.json").string(), "line 1: not JSON");
  temp.put("config.json", "[]");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "config.json: expected an object, got array");
  fs::rename(temp / "config.json", temp / "Config.json");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "has no config.json; did you mean 'Config.json'?",
               "a model folder has config.json, model.safetensors and a vocabulary");
}

TEST(ModelFolder, Vocabulary) {
  const TempFolder temp;
  put_whole(temp);
  fs::remove(temp / "vocab.txt");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
               "has no vocabulary; expected tokenizer.json or vocab.txt");
  temp.put("sentencepiece.bpe.model", "x");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "as sentencepiece.bpe.model only", "python3 -c",
               "AutoTokenizer", "'" + temp.path().string() + "'");
}

TEST(ModelFolder, NoWeights) {
  const TempFolder temp;
  put_whole(temp);
  fs::remove(temp / "model.safetensors");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
               "has no weights; expected model.safetensors or model.safetensors.index.json");
  temp.put("weights.safetensors", one_tensor("w"));
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "has weights.safetensors, but neither",
               "rename the file");
  temp.put("tf_model.h5", "");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "as tf_model.h5", "safe_serialization=True");
  temp.put("pytorch_model.bin", "");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "pytorch_model.bin, which attune does not read",
               "python3 -c 'import glob, sys, torch; from safetensors.torch import save_file;",
               "sys.argv[1] + \"/model.safetensors\"",
               "metadata={\"format\": \"pt\"})' '" + temp.path().string() + "'");
  fs::rename(temp / "pytorch_model.bin", temp / "pytorch_model-00001-of-00002.bin");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "convert them once with");
}

TEST(ModelFolder, TheConversionLineQuotesThePath) {
  const TempFolder temp;
  temp.put("it's/config.json", "{}");
  temp.put("it's/pytorch_model.bin", "");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp / "it's"), "/it'\\''s'");
}

TEST(ModelFolder, TruncatedWeights) {
  const TempFolder temp;
  put_whole(temp);
  temp.put("model.safetensors", one_tensor("w").substr(0, 60));
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), (temp / "model.safetensors").string(),
               "download or copy it again");
}

class Sharded : public testing::Test {
 protected:
  Sharded() {
    put_whole(temp);
    fs::remove(temp / "model.safetensors");
    temp.put("a.safetensors", one_tensor("x"));
    temp.put("b.safetensors", one_tensor("y"));
    index(R"({"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}})");
  }
  void index(const std::string& text) { temp.put("model.safetensors.index.json", text); }
  TempFolder temp;
};

TEST_F(Sharded, OneLookUpOverAllShards) {
  const ModelFolder model = ModelFolder::open(temp.path());
  ASSERT_EQ(model.tensors().size(), 2u);
  std::vector<float> out(2);
  model.read_f32("x", out);
  model.read_f32("y", out);
  EXPECT_NE(model.find("x"), model.find("y"));
}

TEST_F(Sharded, MissingShards) {
  fs::remove(temp / "a.safetensors");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
               "names 2 shards of which one is not there: a.safetensors; download it into");
  fs::remove(temp / "b.safetensors");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
               "2 are not there: a.safetensors, b.safetensors; download them");
}

TEST_F(Sharded, ATensorThatItsShardLacks) {
  index(R"({"weight_map": {"x": "a.safetensors", "z": "a.safetensors"}})");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
               "promises tensor 'z' in a.safetensors, which does not hold it");
}

TEST_F(Sharded, ShardsStandBesideTheirIndex) {
  for (const char* bad : {R"("../a.safetensors")", R"("/etc/passwd")", R"("..")", R"("")", "3", R"("a\u0000")"}) {
    index(std::string(R"({"weight_map": {"x": )") + bad + "}}");
    EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
                 "tensor 'x': expected the name of a file in the same folder, got", bad);
  }
}

TEST_F(Sharded, BrokenIndex) {
  for (const char* bad : {"{}", "[]", R"({"weight_map": {}})", R"({"weight_map": 3})"}) {
    index(bad);
    EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()),
                 "model.safetensors.index.json: expected an object 'weight_map'");
  }
  index("{");
  EXPECT_ERROR(ErrorKind::model, ModelFolder::open(temp.path()), "model.safetensors.index.json line 1: not JSON");
}

}  // namespace
}  // namespace attune::io
