// What differs between parameters in one update: decay or none, and the factor on the rate.
#pragma once
#include "attune/optim/optimizer.h"

namespace attune::optim {

struct Member {
  nn::Parameter* parameter;
  double decay;
  double rate_factor;
};

// All trainable parameters, in order. rate_factor = its own rate * layer_decay^(deepest - depth).
std::vector<Member> members(nn::Parameters& parameters, const OptimizerOptions& options);

// The bf16 twin of a parameter as a tensor, or an undefined one.
tensor::Tensor twin_of(const nn::Parameter& parameter);

// Zeroed memory beside the parameters, with a view for each member in the shape of its parameter. Tables that are
// updated by touched rows have a buffer each: of a large vocabulary most rows may never be touched.
class MomentBuffer {
 public:
  MomentBuffer(const nn::Parameters& parameters, const std::vector<Member>& members);
  const tensor::Tensor& operator[](size_t member) const { return views_[member]; }

 private:
  tensor::Buffer buffer_;
  std::vector<tensor::Buffer> tables_;
  std::vector<tensor::Tensor> views_;
};

}  // namespace attune::optim
