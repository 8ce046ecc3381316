// Losses of an item's outputs beside a teacher's outputs for it (Targets::teacher).
//
// logits z [n, K], the teacher's v [n, K] in the same order. An ignored item (an ignored class, no known label, an
// unknown score), one without a teacher's answer (NaN), and every item where there is no teacher (evaluations) costs 0
// and counts for nothing. u_i: item weights.
#pragma once
#include <span>

#include "attune/losses/entry.h"

namespace attune::losses {

class TaughtLoss : public Loss {
 public:
  double denominator(const Targets& targets) const override;
  LossTerm evaluate(Context& context, const LossInput& input) const override;

 protected:
  struct Row {
    std::span<const double> z, v;  // [K]
    std::span<const float> y;      // [K] its labels or score; empty of classes
  };
  // What an item costs. Writes d(cost)/dz into `gradient` [K] (zeros until then), if there is one.
  virtual double cost(const Row& row, std::span<double> gradient) const = 0;
  // What an item that counts adds to the denominator, before u_i.
  virtual double counts(const Targets& targets, int64_t item) const;
};

// For naive references: whether there is an answer.
bool is_taught(const NaiveItem& item);
// And the denominator where each such item counts once.
long double taught_items(const NaiveItem& item);

}  // namespace attune::losses
