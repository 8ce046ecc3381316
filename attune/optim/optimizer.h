// From gradients to new weights. An optimizer owns its state (moments), flat in memory, one run of elements a
// parameter.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/nn/parameter.h"

namespace attune::optim {

struct OptimizerOptions {
  std::string name = "adamw";  // adamw | adam (L2 in the gradient) | sgd
  double weight_decay = 0.01;  // on parameters that decay (not biases and norms)
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  bool bias_correction = true;
  double momentum = 0;
  bool nesterov = false;
  double layer_decay = 1;  // rate of depth d is multiplied by layer_decay^(deepest - d)
};

// A named piece of state, for checkpoints.
struct StateTensor {
  std::string name;  // "bert.encoder...weight/m"
  tensor::Tensor tensor;
};

// A table that is read by rows may have gradients for a step's rows only (nn::TableGradients::touched_rows). The other
// rows' updates are then left out and done before the row is read again: step by step, so that every bit is as if all
// rows were updated in every step.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Brings the touched rows of such tables up to date: before a step reads them.
  virtual void catch_up(kernels::Kernels&) {}
  // Brings all rows up to date: before anybody reads a whole table.
  virtual void settle(kernels::Kernels&) {}
  // One update of every trainable parameter. `rate`: of this step, before layer-wise decay; `clip`: factor on every
  // gradient; `step`: 1-based.
  virtual void step(kernels::Kernels& kernels, double rate, double clip, int64_t step) = 0;
  virtual std::vector<StateTensor> state() const = 0;
};

// Errors (usage): unknown name, a setting out of range or without meaning for this optimizer.
std::unique_ptr<Optimizer> make_optimizer(nn::Parameters& parameters, const OptimizerOptions& options);
const std::vector<std::string>& optimizer_names();
// How tables' gradients may be held for this optimizer.
nn::TableGradients table_gradients(const OptimizerOptions& options);

}  // namespace attune::optim
