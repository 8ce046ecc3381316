// Texts' vectors by a model of the task embed.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "attune/train/predictor.h"

namespace attune::train {

// Errors (usage): the model is of another task than embed.
void check_embeds(const tasks::ModelBundle& bundle, const std::string& model);

// Of single texts [texts, width], in order. Errors (numeric): one that is not finite, names the text's line.
std::vector<float> vectors_of(Predictor& predictor, std::span<const data::Example> texts);

}  // namespace attune::train
