#include "attune/tune/tree_parts.h"

#include <algorithm>

namespace attune::tune {

TreeParts::TreeParts(const Space& space, const Group& group, const Tree& tree) : space_(&space) {
  std::vector<bool> given(space.dimensions().size());
  for (auto parent = group.parent; parent; parent = space.dimensions()[parent->dimension].parent)
    given[parent->dimension] = true;
  for (const Leaf& leaf : tree.leaves()) {
    double weight = reaches(group.parent, leaf) ? 1 : 0;
    for (size_t d = 0; d < leaf.sides.size(); ++d)
      if (!given[d]) weight *= share_of(space.dimensions()[d], leaf.sides[d]);
    if (weight > 0) leaves_.push_back(&leaf), weights_.push_back(weight);
  }
  for (size_t l = 0; l < leaves_.size(); ++l) mean_ += weights_[l] * leaves_[l]->value;
  for (size_t l = 0; l < leaves_.size(); ++l) variance_ += weights_[l] * centred(l) * centred(l);
}

double TreeParts::variance(std::span<const size_t> over) const {
  double sum = 0;
  for (size_t l = 0; l < leaves_.size(); ++l)
    for (size_t m = 0; m <= l; ++m) {
      double term = centred(l) * centred(m) * weights_[l] * weights_[m];
      for (const size_t d : over) {
        const Dimension& dimension = space_->dimensions()[d];
        const Side &a = leaves_[l]->sides[d], &b = leaves_[m]->sides[d];
        term *= common_share(dimension, a, b) / (share_of(dimension, a) * share_of(dimension, b));
      }
      sum += (m < l ? 2 : 1) * term;
    }
  return std::max(sum, 0.0);
}

double TreeParts::marginal(size_t d, double unit) const {
  const Dimension& dimension = space_->dimensions()[d];
  double sum = 0;
  for (size_t l = 0; l < leaves_.size(); ++l)
    if (const Side& side = leaves_[l]->sides[d]; holds(dimension, side, unit))
      sum += leaves_[l]->value * weights_[l] / share_of(dimension, side);
  return sum;
}

// Whether the alternatives under which the group exists are among the leaf's.
bool TreeParts::reaches(const std::optional<Parent>& parent, const Leaf& leaf) const {
  if (!parent) return true;
  return (leaf.sides[parent->dimension].alternatives >> parent->alternative & 1) != 0 &&
         reaches(space_->dimensions()[parent->dimension].parent, leaf);
}

}  // namespace attune::tune
