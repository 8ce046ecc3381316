#include "attune/autograd/tape.h"

#include <algorithm>
#include <utility>

namespace attune::autograd {

void Tape::clear() {
  closures_.reset();
  scratch_.reset();
  free_.clear();
  nodes_.clear();
  variables_.clear();
}

int32_t Tape::add(Variable variable) {
  variables_.push_back(variable);
  return static_cast<int32_t>(variables_.size()) - 1;
}

Tensor Tape::variable(Tensor value) {
  value.var = add({.gradient = {}, .arrived = false, .leaf = nullptr});
  return value;
}

Tensor Tape::leaf(Tensor value, Tensor gradient, LeafState* state, Tensor squares) {
  ATTUNE_CHECK(gradient.cols() == value.cols() && gradient.dtype == value.dtype, "a gradient {} {} for a value {} {}",
               tensor::name(gradient.dtype), gradient.shape.text(), tensor::name(value.dtype), value.shape.text());
  value.var = add({.gradient = gradient, .arrived = state->started, .leaf = state, .squares = squares});
  return value;
}

Tensor Tape::room_for(const Tensor& x) {
  const auto room = std::find_if(free_.begin(), free_.end(), [&](const Room& r) { return r.bytes == x.bytes(); });
  if (room == free_.end()) return arena_.tensor(x.shape, x.dtype);
  const Tensor gradient{.data = room->at, .shape = x.shape, .dtype = x.dtype};
  *room = free_.back();
  free_.pop_back();
  return gradient;
}

void Tape::release(Variable& variable) {
  if (variable.leaf || !variable.gradient.defined()) return;
  free_.push_back({variable.gradient.bytes(), variable.gradient.data});
  variable.gradient = {};
  variable.arrived = false;
}

GradientSlot Tape::gradient_slot(const Tensor& x) {
  if (!wants(x)) return {};
  Variable& variable = variables_[x.var];
  if (!variable.gradient.defined()) variable.gradient = room_for(x);
  const GradientSlot slot{variable.gradient, variable.arrived, variable.squares, variable.leaf};
  variable.arrived = true;
  if (variable.leaf) *variable.leaf = {.started = true, .squared = false};
  return slot;
}

Tensor Tape::gradient_to_add_to(const Tensor& x) {
  const GradientSlot slot = gradient_slot(x);
  if (slot.wanted() && !slot.accumulate) kernels_.fill({.y = slot.tensor, .value = 0});
  return slot.tensor;
}

void Tape::pass_on(const Tensor& x) {
  if (!wants(x)) return;
  Variable &from = variables_[running_], &to = variables_[x.var];
  if (!to.arrived && !to.leaf && from.gradient.dtype == x.dtype && from.gradient.shape == x.shape) {
    to.gradient = std::exchange(from.gradient, {});
    to.arrived = true;
    return;
  }
  const Tensor dy = from.gradient;
  add_gradient(x, [&](const Tensor& dx) { kernels_.convert({.x = dy, .y = dx}); });
}

Tensor Tape::gradient(const Tensor& x) const {
  if (!wants(x)) return {};
  const Variable& variable = variables_[x.var];
  return variable.arrived ? variable.gradient : Tensor{};
}

void Tape::seed(const Tensor& root, const Tensor& gradient) {
  ATTUNE_CHECK(wants(root), "backward starts at a tensor that is no variable of this tape");
  ATTUNE_CHECK(root.count() == gradient.count() && root.dtype == gradient.dtype, "seed {} for a root {}",
               gradient.shape.text(), root.shape.text());
  const GradientSlot slot = gradient_slot(root);
  kernels_.convert({.x = gradient, .y = slot.tensor, .scale = 1, .accumulate = slot.accumulate});
}

void Tape::backward() {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (!variables_[node->output].arrived) continue;
    const auto mark = scratch_.mark();
    running_ = node->output;
    with_context([&] { return std::string("in the backward of ") + node->op; },
                 [&] { node->run(node->backward, *this, variables_[node->output].gradient); });
    scratch_.rewind(mark);
    release(variables_[node->output]);
  }
}

}  // namespace attune::autograd
