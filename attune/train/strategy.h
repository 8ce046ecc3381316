// How the rows of a micro-batch become gradients: one pass and its loss, unless a strategy says otherwise. What needs
// more passes over the same rows (R-Drop), other embeddings (adversarial training) or a second model (distillation) is
// a strategy and no loss; it wraps any of them.
#pragma once
#include "attune/losses/objective.h"
#include "attune/models/model.h"
#include "attune/tasks/batch.h"
#include "attune/train/row_costs.h"

namespace attune::train {

struct MicroBatch {
  autograd::Context& context;  // recording, in training; random.pass 0: a further pass sets another, for other draws
  models::Model& model;
  const losses::Objective& loss;
  const tasks::Batch& batch;
  const losses::PerTerm<double>& denominators;  // of the loss's terms, over the whole step
  double progress = 0;                          // share of the training done, in [0, 1]
  // Where forward() notes what rows cost in the first pass; nullptr: nobody asks.
  std::vector<RowCost>* costs = nullptr;
  // Where forward() leaves what the model gave in the first pass; nullptr: nobody asks.
  models::ModelOutput* output = nullptr;
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // Once, when training is set up: the weights are those that it begins with (of a resumed run too).
  virtual void begin(models::Model&, kernels::Kernels&) {}
  // Runs the model forward and back: gradients are added to the parameters'. Returns the micro-batch's share of the
  // step's objective. Must not depend on how a step is split.
  virtual double run(const MicroBatch& micro) const = 0;
  // Once a step, when all its gradients are there: may add to them. Returns what that adds to the objective.
  virtual double finish(models::Model&, kernels::Kernels&) { return 0; }
};

// The loss once, forward and back.
double one_pass(const MicroBatch& micro);

// The loss once. The default.
class OnePass final : public Strategy {
 public:
  double run(const MicroBatch& micro) const override { return one_pass(micro); }
};

// The hidden states that a loss needs.
inline models::Model::Hidden hidden_for(const losses::Objective& loss) {
  return loss.reads_hidden() ? models::Model::Hidden::all_rows : models::Model::Hidden::read_rows;
}

// One pass forward and its loss, nothing seeded: for strategies to build on.
struct PassResult {
  models::ModelOutput output;
  losses::ObjectiveValue value;
};
PassResult forward(const MicroBatch& micro);

}  // namespace attune::train
