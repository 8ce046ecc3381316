#include "attune/models/bert_config.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::models {
namespace {

using nlohmann::json;

class Fields {
 public:
  Fields(const json& config, const std::string& where) : config_(config), where_(where) {}

  int64_t size(const char* key, int64_t most) const {
    if (!config_.contains(key)) fail(ErrorKind::model, "{}: '{}' is missing; a BERT config states it", where_, key);
    const json& value = config_[key];
    if (!value.is_number_integer() || value.get<double>() < 1 || value.get<double>() > static_cast<double>(most))
      fail(ErrorKind::model, "{}: '{}' is {}; expected a whole number from 1 to {}", where_, key, value.dump(), most);
    return value.get<int64_t>();
  }
  double number(const char* key, double otherwise, double low, double high) const {
    if (!config_.contains(key) || config_[key].is_null()) return otherwise;
    const json& value = config_[key];
    if (!value.is_number() || !(value.get<double>() >= low && value.get<double>() <= high))
      fail(ErrorKind::model, "{}: '{}' is {}; expected a number from {} to {}", where_, key, value.dump(), low, high);
    return value.get<double>();
  }
  std::string text(const char* key, const std::string& otherwise) const {
    if (!config_.contains(key) || config_[key].is_null()) return otherwise;
    if (!config_[key].is_string())
      fail(ErrorKind::model, "{}: '{}' is {}; expected a string", where_, key, config_[key].dump());
    return config_[key].get<std::string>();
  }

 private:
  const json& config_;
  const std::string& where_;
};

kernels::ActivationKind activation_named(const std::string& name, const std::string& where) {
  using kernels::ActivationKind;
  if (name == "gelu") return ActivationKind::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return ActivationKind::gelu_tanh;
  if (name == "relu") return ActivationKind::relu;
  if (name == "silu" || name == "swish") return ActivationKind::silu;
  fail(ErrorKind::model,
       "{}: unknown activation '{}' (hidden_act); known: gelu, gelu_new, gelu_pytorch_tanh, relu, silu{}", where, name,
       did_you_mean(name, {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish"}));
}

}  // namespace

BertConfig BertConfig::from_json(const json& config, const std::string& where) {
  if (!config.is_object()) fail(ErrorKind::model, "{}: expected a JSON object", where);
  const Fields fields(config, where);
  const std::string type = fields.text("model_type", "bert");
  if (type != "bert")
    fail(ErrorKind::model, "{}: model_type '{}' is not supported; attune opens 'bert' so far{}", where, type,
         did_you_mean(type, {"bert"}));
  if (const std::string kind = fields.text("position_embedding_type", "absolute"); kind != "absolute")
    fail(ErrorKind::model, "{}: position_embedding_type '{}' is not supported; expected 'absolute'", where, kind);
  if (config.contains("is_decoder") && config["is_decoder"].is_boolean() && config["is_decoder"].get<bool>())
    fail(ErrorKind::model, "{}: is_decoder is true; attune opens BERT encoders", where);

  BertConfig bert;
  constexpr int64_t kMostSize = int64_t{1} << 24;
  bert.vocabulary = fields.size("vocab_size", kMostSize);
  bert.hidden = fields.size("hidden_size", 1 << 16);
  bert.layers = fields.size("num_hidden_layers", 1 << 10);
  bert.heads = fields.size("num_attention_heads", 1 << 10);
  bert.intermediate = fields.size("intermediate_size", 1 << 20);
  bert.positions = fields.size("max_position_embeddings", 1 << 20);
  bert.segments = config.contains("type_vocab_size") ? fields.size("type_vocab_size", 1 << 10) : 2;
  if (bert.hidden % bert.heads != 0)
    fail(ErrorKind::model, "{}: hidden_size {} is not a multiple of num_attention_heads {}", where, bert.hidden,
         bert.heads);
  bert.activation = activation_named(fields.text("hidden_act", "gelu"), where);
  bert.norm_eps = fields.number("layer_norm_eps", 1e-12, 0, 1);
  bert.initializer_range = fields.number("initializer_range", 0.02, 0, 10);
  constexpr double kBelowOne = 0.999;
  bert.hidden_dropout = static_cast<float>(fields.number("hidden_dropout_prob", 0.1, 0, kBelowOne));
  bert.attention_dropout = static_cast<float>(fields.number("attention_probs_dropout_prob", 0.1, 0, kBelowOne));
  bert.classifier_dropout = static_cast<float>(fields.number("classifier_dropout", bert.hidden_dropout, 0, kBelowOne));
  return bert;
}

}  // namespace attune::models
