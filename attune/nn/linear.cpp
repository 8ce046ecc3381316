#include "attune/nn/linear.h"

#include "attune/ops/linear.h"

namespace attune::nn {
namespace {

std::vector<Piece> with_suffix(std::vector<Piece> pieces, const char* suffix) {
  for (Piece& piece : pieces) piece.name += suffix;
  return pieces;
}

}  // namespace

Linear::Linear(Parameters& parameters, const std::string& name, const Options& o)
    : weight_(parameters.add(name + ".weight", {o.out, o.in},
                             {.init = Init::normal,
                              .product_weight = true,
                              .depth = o.depth,
                              .pieces = with_suffix(o.pieces, ".weight")})),
      bias_(parameters.add(
          name + ".bias", {o.out},
          {.init = Init::zeros, .decays = false, .depth = o.depth, .pieces = with_suffix(o.pieces, ".bias")})) {}

Tensor Linear::forward(Context& context, const Tensor& x, std::optional<DType> y_type) const {
  return ops::linear(context, x, weight_->value, bias_->value, y_type);
}

}  // namespace attune::nn
