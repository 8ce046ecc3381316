#include "attune/train/strategies/l2_sp.h"

namespace attune::train {

void L2Sp::begin(models::Model& model, kernels::Kernels& kernels) {
  start_ = std::make_unique<tensor::Arena>(kernels.memory());
  difference_ = std::make_unique<tensor::Arena>(kernels.memory());
  for (const auto& p : model.parameters().all()) {
    tensor::Tensor start;
    if (p->trainable && p->options.depth <= model.config().layers) {
      start = start_->tensor(p->value.shape, p->value.dtype);
      kernels.convert({.x = p->value, .y = start});
    }
    starts_.push_back(start);
  }
}

double L2Sp::finish(models::Model& model, kernels::Kernels& kernels) {
  double added = 0;
  const auto& all = model.parameters().all();
  for (size_t i = 0; i < all.size(); ++i) {
    nn::Parameter& p = *all[i];
    if (!p.trainable) continue;
    ATTUNE_CHECK(!p.by_rows, "the gradient of '{}' is held by rows", p.name);
    const double weight = starts_[i].defined() ? alpha_ : beta_;
    difference_->reset();
    const tensor::Tensor away = difference_->tensor(p.value.shape, p.value.dtype);
    kernels.convert({.x = p.value, .y = away});
    if (starts_[i].defined()) kernels.convert({.x = starts_[i], .y = away, .scale = -1, .accumulate = true});
    const tensor::Tensor squares = difference_->tensor({1}, tensor::DType::f64);
    kernels.sum_squares({.x = away, .out = squares});
    added += weight / 2 * tensor::OnHost<double>(kernels.memory(), squares).values()[0];
    kernels.convert({.x = away, .y = p.gradient, .scale = weight, .accumulate = true});
    p.state.squared = false;
  }
  return added;
}

}  // namespace attune::train
