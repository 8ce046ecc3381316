#include "attune/optim/parameter_groups.h"

#include <algorithm>
#include <cmath>

namespace attune::optim {

std::vector<Member> members(nn::Parameters& parameters, const OptimizerOptions& options) {
  int deepest = 0;
  for (const auto& p : parameters.all()) deepest = std::max(deepest, p->options.depth);
  std::vector<Member> found;
  for (const auto& p : parameters.all())
    if (p->trainable)
      found.push_back({p.get(), p->options.decays ? options.weight_decay : 0.0,
                       p->options.rate * std::pow(options.layer_decay, deepest - p->options.depth)});
  return found;
}

tensor::Tensor twin_of(const nn::Parameter& p) {
  if (!p.value.twin) return {};
  return {.data = p.value.twin, .shape = p.shape, .dtype = tensor::DType::bf16};
}

MomentBuffer::MomentBuffer(const nn::Parameters& parameters, const std::vector<Member>& members) {
  using tensor::aligned;
  size_t bytes = 0;
  for (const auto& member : members)
    if (!member.parameter->by_rows) bytes += aligned(member.parameter->value.bytes());
  buffer_ = tensor::Buffer(bytes, parameters.memory());
  char* at = static_cast<char*>(buffer_.data());
  for (const auto& member : members) {
    const tensor::Tensor& value = member.parameter->value;
    if (member.parameter->by_rows) {
      tables_.emplace_back(value.bytes(), parameters.memory(), tensor::Writes::few_places);
      views_.push_back(tables_.back().view(value.shape, value.dtype));
      continue;
    }
    views_.push_back({.data = at, .shape = value.shape, .dtype = value.dtype});
    at += aligned(value.bytes());
  }
}

}  // namespace attune::optim
