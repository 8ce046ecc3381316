// Regression trees over a search space, whose leaves are boxes of known size: what importance.h takes apart.
//
// A leaf holds, for each dimension, an interval of the unit interval (numbers) or a set of alternatives. A dimension
// that exists only under an alternative is split only where that alternative alone is left, so that the share of the
// prior in a leaf is the product of the shares of its dimensions, conditional ones too.
//
// A split minimises the sum of squares around the means of both sides. Alternatives are ordered by their mean (Breiman
// et al. 1984, section 4.2.2); between numbers the middle of two neighbours is cut, of cells (dimension.h) their
// border. Source: random forests, Breiman 2001 (Machine Learning 45).
#pragma once
#include <cstdint>
#include <vector>

#include "attune/tune/space.h"

namespace attune::tune {

// A point and its value, ready for trees.
struct Row {
  std::vector<double> units;  // by dimension; NaN: it does not exist there
  double y = 0;
};
Row row_of(const Space& space, const Point& point, double value);

struct Side {
  double low = 0, high = 1;              // numbers
  uint64_t alternatives = ~uint64_t{0};  // a bit each; without an order
};

struct Leaf {
  std::vector<Side> sides;  // by dimension
  double value = 0;         // mean of the rows in it
};

struct TreeOptions {
  int least_rows = 3;             // in a leaf
  double dimensions_share = 0.8;  // of those that may be split, looked at in each node; at least one
};

class Tree {
 public:
  // Of rows[which[0]], ... (an index may stand there several times). `key`: of its random choices.
  Tree(const Space& space, const std::vector<Row>& rows, const std::vector<size_t>& which, uint64_t key,
       const TreeOptions& options);

  const std::vector<Leaf>& leaves() const { return leaves_; }
  double predict(const Space& space, const Row& row) const;

 private:
  std::vector<Leaf> leaves_;
};

// The share of dimension `d` that the side holds, of the prior where it exists; in (0, 1].
double share_of(const Dimension& dimension, const Side& side);
// Whether the place lies in it.
bool holds(const Dimension& dimension, const Side& side, double unit);
// The share of it that two sides have in common.
double common_share(const Dimension& dimension, const Side& a, const Side& b);

}  // namespace attune::tune
