// The sizes and choices of a BERT encoder, as Hugging Face's config.json states them.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "attune/kernels/activation.h"

namespace attune::models {

struct BertConfig {
  int64_t vocabulary = 30522;
  int64_t hidden = 768;
  int64_t layers = 12;
  int64_t heads = 12;
  int64_t intermediate = 3072;
  int64_t positions = 512;
  int64_t segments = 2;
  kernels::ActivationKind activation = kernels::ActivationKind::gelu;
  double norm_eps = 1e-12;
  double initializer_range = 0.02;
  float hidden_dropout = 0.1f;
  float attention_dropout = 0.1f;
  float classifier_dropout = 0.1f;  // classifier_dropout, else hidden_dropout_prob

  // Errors (model): model_type other than bert, unknown activation, positions that are not absolute, a decoder, sizes
  // that are missing, not whole or out of range, heads that do not divide the hidden size. `where` names the file.
  static BertConfig from_json(const nlohmann::json& config, const std::string& where);
};

}  // namespace attune::models
