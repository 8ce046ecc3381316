// Eight made-up inputs and the logits a model gave for them when it was saved. They are replayed when the folder is
// opened: weights that were damaged, mixed up or read wrongly show at once, not in a service's answers.
//
// Inputs are sequences of 3 to 10 random piece ids, not texts: nothing of the training data stands in the folder.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "attune/models/model.h"

namespace attune::tasks {

// Largest difference of a logit, over 1 + its size, that passes. Products are in f32 for this, whatever the run uses,
// so what is left is the order of sums on another processor.
inline constexpr double kProbeTolerance = 1e-3;
// The same of an int8 model, which keeps no f32 weights to replay it with: bytes alone move logits so far and more on
// made-up inputs. Its size is at least the logits' root mean square: bytes move a small logit of large weights (a last
// layer that began as a logistic regression has logits of tens) as far as a large one. It still finds weights that are
// mixed up, not a single damaged number.
inline constexpr double kInt8ProbeTolerance = 0.5;

// {"ids": [[..] x 8], "logits": [[..] x 8]}: for sequence heads [K] an input, for token heads [T K]. Errors (numeric):
// a logit that is not finite. `kernels`: of the device that the model lies on.
nlohmann::json make_probe(const models::Model& model, kernels::Kernels& kernels);

// Errors (model): logits that differ (names the input and both values), a probe that does not fit the model. `where`
// names the file it came from.
void replay_probe(const models::Model& model, kernels::Kernels& kernels, const nlohmann::json& probe,
                  const std::string& where);

}  // namespace attune::tasks
