// y = x W^T + b as a module: parameters and forward. Virtual, so that an adapter can take its place by name.
#pragma once
#include <optional>
#include <string>

#include "attune/nn/parameter.h"

namespace attune::nn {

class Linear {
 public:
  struct Options {
    int64_t in, out;
    int depth = 0;
    // Rows that files keep under names of their own ("attention.self.query", ...), each with .weight and .bias.
    std::vector<Piece> pieces = {};
    bool int8 = false;  // held and multiplied as bytes in an int8 model
  };
  Linear(Parameters& parameters, const std::string& name, const Options& options);
  virtual ~Linear() = default;

  // x [N, in] -> [N, out].
  virtual Tensor forward(Context& context, const Tensor& x, std::optional<DType> y_type = std::nullopt) const;
  // f(forward(x)), for another Linear of the same precision alone to read: of an int8 model it may be bytes and nothing
  // else.
  virtual Tensor activated(Context& context, kernels::ActivationKind f, const Tensor& x) const;
  // Whether forward() reads bytes, so that who makes x had better make them.
  virtual bool reads_bytes() const { return weight_->value.quantized != nullptr; }
  Parameter& weight() const { return *weight_; }
  // The weight as forward() reads it, from its file where it stays there.
  Tensor held_weight() const;
  Parameter& bias() const { return *bias_; }

 private:
  Parameter* weight_;  // [out, in]
  Parameter* bias_;    // [out]
};

}  // namespace attune::nn
