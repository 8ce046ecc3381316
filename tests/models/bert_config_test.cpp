#include "attune/models/bert_config.h"

#include <nlohmann/json.hpp>

#include "tests/base/expect_error.h"

namespace attune::models {
namespace {

using nlohmann::json;

// The least a config may state.
json least() {
  return {{"vocab_size", 100},        {"hidden_size", 32},       {"num_hidden_layers", 2},
          {"num_attention_heads", 4}, {"intermediate_size", 64}, {"max_position_embeddings", 48}};
}
json with(const char* key, const json& value) {
  json config = least();
  config[key] = value;
  return config;
}
BertConfig read(const json& config) {
  return BertConfig::from_json(config, "m/config.json");
}

#define EXPECT_REFUSED(config, ...) EXPECT_ERROR(ErrorKind::model, read(config), "m/config.json", __VA_ARGS__)

TEST(BertConfig, SizesAndDefaults) {
  const BertConfig bert = read(least());
  EXPECT_EQ(bert.vocabulary, 100);
  EXPECT_EQ(bert.hidden, 32);
  EXPECT_EQ(bert.layers, 2);
  EXPECT_EQ(bert.heads, 4);
  EXPECT_EQ(bert.intermediate, 64);
  EXPECT_EQ(bert.positions, 48);
  EXPECT_EQ(bert.segments, 2);
  EXPECT_EQ(bert.activation, kernels::ActivationKind::gelu);
  EXPECT_EQ(bert.norm_eps, 1e-12);
  EXPECT_EQ(bert.initializer_range, 0.02);
  EXPECT_EQ(bert.hidden_dropout, 0.1f);
  EXPECT_EQ(bert.attention_dropout, 0.1f);
  EXPECT_EQ(bert.classifier_dropout, 0.1f);
}

TEST(BertConfig, WhatIsStatedCounts) {
  json config = least();
  config.update({{"model_type", "bert"},
                 {"type_vocab_size", 1},
                 {"layer_norm_eps", 1e-5},
                 {"initializer_range", 0.05},
                 {"hidden_dropout_prob", 0.25},
                 {"attention_probs_dropout_prob", 0.5},
                 {"position_embedding_type", "absolute"},
                 {"is_decoder", false},
                 {"a_field_of_tomorrow", {1, 2}}});
  const BertConfig bert = read(config);
  EXPECT_EQ(bert.segments, 1);
  EXPECT_EQ(bert.norm_eps, 1e-5);
  EXPECT_EQ(bert.initializer_range, 0.05);
  EXPECT_EQ(bert.hidden_dropout, 0.25f);
  EXPECT_EQ(bert.attention_dropout, 0.5f);
  EXPECT_EQ(bert.classifier_dropout, 0.25f) << "as hidden_dropout_prob where it is not stated";
  config["classifier_dropout"] = nullptr;
  EXPECT_EQ(read(config).classifier_dropout, 0.25f);
  config["classifier_dropout"] = 0;
  EXPECT_EQ(read(config).classifier_dropout, 0);
}

TEST(BertConfig, Activations) {
  using kernels::ActivationKind;
  EXPECT_EQ(read(with("hidden_act", "gelu")).activation, ActivationKind::gelu);
  EXPECT_EQ(read(with("hidden_act", "gelu_new")).activation, ActivationKind::gelu_tanh);
  EXPECT_EQ(read(with("hidden_act", "gelu_pytorch_tanh")).activation, ActivationKind::gelu_tanh);
  EXPECT_EQ(read(with("hidden_act", "relu")).activation, ActivationKind::relu);
  EXPECT_REFUSED(with("hidden_act", "gelu_nwe"), "unknown activation 'gelu_nwe'", "hidden_act", "did you mean",
                 "'gelu_new'");
  EXPECT_REFUSED(with("hidden_act", 3), "'hidden_act' is 3", "expected a string");
}

TEST(BertConfig, OtherKindsOfModelAreRefused) {
  EXPECT_REFUSED(with("model_type", "roberta"), "model_type 'roberta' is not supported", "'bert'");
  EXPECT_REFUSED(with("position_embedding_type", "relative_key"), "position_embedding_type 'relative_key'",
                 "expected 'absolute'");
  EXPECT_REFUSED(with("is_decoder", true), "is_decoder is true");
  EXPECT_REFUSED(json::array(), "expected a JSON object");
}

TEST(BertConfig, SizesMustBeThereWholeAndInRange) {
  for (const char* key : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                          "max_position_embeddings"}) {
    SCOPED_TRACE(key);
    const std::string named = std::string("'") + key + "' is ";
    json config = least();
    config.erase(key);
    EXPECT_REFUSED(config, named + "missing");
    EXPECT_REFUSED(with(key, nullptr), named + "null", "expected a whole number");
    EXPECT_REFUSED(with(key, "32"), named + "\"32\"");
    EXPECT_REFUSED(with(key, 32.5), named + "32.5");
    EXPECT_REFUSED(with(key, 0), named + "0", "from 1 to");
    EXPECT_REFUSED(with(key, -4), named + "-4");
    EXPECT_REFUSED(with(key, int64_t{1} << 40), named, "from 1 to");
  }
  EXPECT_REFUSED(with("type_vocab_size", 0), "'type_vocab_size' is 0");
  EXPECT_REFUSED(with("num_attention_heads", 5), "hidden_size 32", "num_attention_heads 5");
}

TEST(BertConfig, NumbersMustBeInRange) {
  EXPECT_REFUSED(with("hidden_dropout_prob", 1), "'hidden_dropout_prob' is 1", "from 0 to");
  EXPECT_REFUSED(with("attention_probs_dropout_prob", -0.1), "'attention_probs_dropout_prob' is -0.1");
  EXPECT_REFUSED(with("classifier_dropout", 2), "'classifier_dropout' is 2");
  EXPECT_REFUSED(with("layer_norm_eps", "small"), "'layer_norm_eps' is \"small\"", "expected a number");
  EXPECT_REFUSED(with("initializer_range", -1), "'initializer_range' is -1");
}

}  // namespace
}  // namespace attune::models
