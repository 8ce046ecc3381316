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
  };
  Linear(Parameters& parameters, const std::string& name, const Options& options);
  virtual ~Linear() = default;

  // x [N, in] -> [N, out].
  virtual Tensor forward(Context& context, const Tensor& x, std::optional<DType> y_type = std::nullopt) const;

 private:
  Parameter* weight_;  // [out, in]
  Parameter* bias_;    // [out]
};

}  // namespace attune::nn
