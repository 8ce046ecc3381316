// Which encoders are one and the same, whatever head stands on them and whatever file they came from.
#pragma once
#include <string>

#include "attune/models/bert_config.h"
#include "attune/models/load.h"

namespace attune::models {

// Of a config all that an encoder's states follow from: its sizes, activation and epsilon.
std::string encoder_sizes(const BertConfig& config);

// SHA-256 (hex) of encoder_sizes() and each of its tensors'
// name (without "bert."), axes and values as f32, so that the type in which a file holds them does not matter. Not of
// dropout, the head, labels or the tokenizer. Reads every weight once. Errors: those of load_weights for a tensor that
// is missing.
std::string encoder_hash(const BertConfig& config, const WeightSource& source);

}  // namespace attune::models
