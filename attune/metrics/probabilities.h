// What logits say, in f64.
#pragma once
#include <span>
#include <vector>

namespace attune::metrics {

// exp(z_k) / sum over j of exp(z_j), K >= 1: of classes that exclude each other.
std::vector<double> softmax(std::span<const float> logits);
// 1 / (1 + exp(-z_k)): of labels that do not.
std::vector<double> sigmoids(std::span<const float> logits);

}  // namespace attune::metrics
