// Losses of one output and one number (regression): item_i = f(z_i, y_i); denominator = sum_i u_i over known targets.
//
// logits z [n, 1]; targets.values y [n, 1], NaN where unknown. u_i: item weights. Edges: an unknown target costs 0 and
// counts for nothing.
#pragma once
#include "attune/losses/entry.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {

// One item as a cost reads it.
struct ScoreRow {
  std::span<const double> z;  // [P] outputs of the last layer
  double y = 0;
  double progress = 0;  // share of the training done
};

class ScoreLoss : public Loss {
 public:
  double denominator(const Targets& targets) const override;
  LossTerm evaluate(Context& context, const LossInput& input) const override;

 protected:
  // What one item costs. Writes d(cost)/dz into `gradient` [P], if there is one.
  virtual double cost(const ScoreRow& row, std::span<double> gradient) const = 0;
};

// f(z - y) of a single output.
class ResidualLoss : public ScoreLoss {
 protected:
  using Cost = CostAt;
  virtual Cost of(double residual) const = 0;
  double cost(const ScoreRow& row, std::span<double> gradient) const final {
    const Cost cost = of(row.z[0] - row.y);
    if (!gradient.empty()) gradient[0] = cost.slope;
    return cost.value;
  }
};

}  // namespace attune::losses
