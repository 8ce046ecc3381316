// Losses of one row's logits and its labels, any number of them (multi-label).
//
//   denominator, as each loss says: known labels, or items
//
// logits z [n, K]; targets.values y [n, K] in [0, 1], negative where unknown: an unknown label costs nothing. What the
// losses share means the same for all: T divides the logits, e smooths y to (1 - e) y + e/2, w [K] multiplies what a
// label costs (class weights of labels: n_c counts the rows that have label c). u_i: item weights.
//
// Edges: a row of which nothing is known costs 0 and counts for nothing.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "attune/base/options.h"
#include "attune/losses/facts.h"
#include "attune/losses/loss.h"
#include "attune/losses/shared/stable.h"

namespace attune::losses {

struct LabelOptions {
  std::string weights = "none";
  double label_smoothing = 0;
  double temperature = 1;

  void visit(OptionList& list);
};

// One row as a cost reads it.
struct LabelRow {
  std::span<const double> z;  // [K] logits over the temperature
  std::span<const double> y;  // [K] in [0, 1], or negative: unknown
  double progress = 0;        // share of the training done
};

class LabelLoss : public Loss {
 public:
  LabelLoss(const LabelOptions& shared, const LossFacts& facts);
  double denominator(const Targets& targets) const override;
  LossTerm evaluate(Context& context, const LossInput& input) const override;

 protected:
  // What one row costs. Writes d(cost)/dz into `gradient` [K] (zeros until then), if there is one.
  virtual double cost(const LabelRow& row, std::span<double> gradient) const = 0;
  // Items (true), else known labels times their weights.
  virtual bool divides_by_items() const { return false; }

  double weight(size_t c) const { return weights_.empty() ? 1 : weights_[c]; }
  const LabelOptions& shared() const { return shared_; }
  size_t labels() const { return labels_; }

 private:
  // What item i adds to the denominator, before u_i.
  double counts_for(const Targets& targets, int64_t i) const;

  LabelOptions shared_;
  size_t labels_;
  std::vector<double> weights_;  // [K] or empty: all 1
};

// Losses that take each label for itself: sum_c w_c [ y_c positive(z_c) + (1 - y_c) negative(z_c) ].
class EachLabelLoss : public LabelLoss {
 public:
  using LabelLoss::LabelLoss;

 protected:
  using Cost = CostAt;
  virtual Cost positive(double z, size_t c) const = 0;
  virtual Cost negative(double z, size_t c) const = 0;

  double cost(const LabelRow& row, std::span<double> gradient) const override;
};

}  // namespace attune::losses
