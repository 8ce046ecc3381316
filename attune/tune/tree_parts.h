// A tree's leaves as a function over the space, within the part of it where a group exists: its variance, and that of
// its marginals. The formulas stand in importance.h.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "attune/tune/forest.h"

namespace attune::tune {

class TreeParts {
 public:
  // Keeps references to `space` and `tree`.
  TreeParts(const Space& space, const Group& group, const Tree& tree);

  double variance() const { return variance_; }
  // A(over): of the marginal over these dimensions of the group.
  double variance(std::span<const size_t> over) const;
  // The value at place `unit` of dimension `d` of the group, everything else drawn from the prior.
  double marginal(size_t d, double unit) const;

 private:
  double centred(size_t l) const { return leaves_[l]->value - mean_; }
  bool reaches(const std::optional<Parent>& parent, const Leaf& leaf) const;

  const Space* space_;
  std::vector<const Leaf*> leaves_;
  std::vector<double> weights_;
  double mean_ = 0, variance_ = 0;
};

}  // namespace attune::tune
