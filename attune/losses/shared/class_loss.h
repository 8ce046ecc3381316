// Losses of one row's logits and its class (single labels, and tags one by one). What they share means the same for
// all:
//
//   item_i = sum_c w_c q_ic cost(z_i / T, c),   q_i = (1 - e) t_i + e/K
//   denominator = sum_i u_i sum_c w_c t_ic      over the items that are not ignored
//
// logits z [n, K]; t_i is onehot(y_i), or the row of a soft target (targets.values [n, K] where targets.classes is
// empty). w: class weights (shared/class_weights.h); e: label smoothing (Szegedy et al. 2016, arXiv 1512.00567, section
// 7), which for a loss that is no cross-entropy is its mean under the smoothed target; T: temperature; u_i: item
// weights. For cross-entropy and hard targets these are PyTorch's item and denominator; for soft targets with class
// weights PyTorch divides by n, attune by the weights of what was asked.
//
// Edges: an ignored item (kIgnored, or a soft target that is 0 everywhere) costs 0 and counts for nothing; no item that
// counts: sum 0, denominator 0.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "attune/base/options.h"
#include "attune/losses/facts.h"
#include "attune/losses/loss.h"

namespace attune::losses {

struct ClassOptions {
  std::string weights = "none";
  double label_smoothing = 0;
  double temperature = 1;

  void visit(OptionList& list);
};

// One row as a cost reads it, made once a row.
struct ClassRow {
  std::span<const double> z;      // [K] logits over the temperature
  std::span<const double> log_p;  // [K] z - log sum exp z
  std::span<const double> p;      // [K]
  double progress = 0;            // share of the training done
  int32_t example = -1;           // its row of the training data; -1: not in training, or not known

  size_t classes() const { return z.size(); }
};

class ClassLoss : public Loss {
 public:
  ClassLoss(const ClassOptions& shared, const LossFacts& facts);
  double denominator(const Targets& targets) const final;
  LossTerm evaluate(Context& context, const LossInput& input) const override;

 protected:
  // What row i costs if its class is y. Adds share * d(cost)/dz to `gradient` [K], if there is one.
  virtual double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const = 0;
  // sum_c q_c cost(row, c), q >= 0 but not always a distribution; adds its gradient. Where that needs less than K
  // costs.
  virtual double expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const;
  // Added to the logits before anything else, one number a class; empty: nothing.
  virtual std::span<const double> shift() const { return {}; }

  const std::vector<double>& weights() const { return weights_; }
  const ClassOptions& shared() const { return shared_; }

 private:
  ClassOptions shared_;
  int64_t labels_;
  std::vector<double> weights_;  // [K] or empty: all 1
};

// Costs that are a function of the target class's probability alone: f(p_y), which take K steps for any target.
//   d f/d z_k = f'(log p_y) (onehot(y)_k - p_k)
class ProbabilityLoss : public ClassLoss {
 public:
  using ClassLoss::ClassLoss;

 protected:
  struct Cost {
    double value, slope;  // f, and df / d(log p)
  };
  virtual Cost of(double p, double log_p) const = 0;

  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const final;
  double expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const final;
};

}  // namespace attune::losses
