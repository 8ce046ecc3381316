// A density over the dimensions of one group, from points: a mixture of one kernel a point and the prior, all of equal
// weight, each a product over the dimensions ("multivariate": what goes together stays together).
//
//   p(x) = 1 / (n + 1) [ prior(x) + sum over points i of  prod over d of k_d(x_d | x_id) ]
//
//   numbers       a normal around the point's place u in [0, 1], cut there; of cells (whole numbers, ordered choices)
//   its
//                 integral over the cell. s = 0.2 n^(-1 / (d + 4)), at least 1 / min(100, n + 1); d: dimensions that
//                 vary
//   alternatives  (1 + 1/n) / (1 + C/n) for the point's own, (1/n) / (1 + C/n) for others: Aitchison and Aitken's
//   kernel prior         numbers: a normal around 1/2 with s = 1, cut; alternatives: 1/C
//
// Source: Bergstra et al. 2011 (NeurIPS, section 4), the kernels' widths those of Optuna that Watanabe 2023, arXiv
// 2304.11127, describes for the multivariate form.
#pragma once
#include <span>
#include <vector>

#include "attune/tune/space.h"

namespace attune::tune {

class Parzen {
 public:
  // `dimensions` of `space`; `points` at which they exist. A value that lies nowhere in its domain (of another space)
  // has the prior's kernel. No point: the prior.
  Parzen(const Space& space, std::span<const size_t> dimensions, const std::vector<const Point*>& points);

  // A place for each dimension; what value_at makes of it has the density of the place.
  std::vector<double> sample(uint64_t key) const;
  double log_density(std::span<const double> units) const;

 private:
  struct Kernel {
    double center;  // below 0: the prior's
    double width;
  };
  double log_kernel(size_t d, const Kernel& kernel, double unit) const;

  std::vector<const Dimension*> dimensions_;
  std::vector<std::vector<Kernel>> kernels_;  // by point, then by dimension; the prior last
  double points_;
};

}  // namespace attune::tune
