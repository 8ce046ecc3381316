#include "attune/nn/linear.h"

#include "attune/ops/activation.h"
#include "attune/ops/linear.h"
#include "attune/ops/quantized_linear.h"

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
                              .int8 = o.int8,
                              .depth = o.depth,
                              .pieces = with_suffix(o.pieces, ".weight")})),
      bias_(parameters.add(
          name + ".bias", {o.out},
          {.init = Init::zeros, .decays = false, .depth = o.depth, .pieces = with_suffix(o.pieces, ".bias")})) {}

Tensor Linear::forward(Context& context, const Tensor& x, std::optional<DType> y_type) const {
  return ops::linear(context, x, held_weight(), bias_->value, y_type);
}

Tensor Linear::held_weight() const {
  return weight_->in_file ? weight_->in_file->whole(*weight_) : weight_->value;
}

Tensor Linear::activated(Context& context, kernels::ActivationKind f, const Tensor& x) const {
  if (reads_bytes() && f == kernels::ActivationKind::gelu)
    return ops::quantized_gelu(context, x, weight_->value, bias_->value);
  return ops::activation(context, f, forward(context, x), /*last_use=*/true);
}

}  // namespace attune::nn
