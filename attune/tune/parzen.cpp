#include "attune/tune/parzen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "attune/base/error.h"
#include "attune/tune/draws.h"

namespace attune::tune {
namespace {

constexpr double kNowhere = -1;

// Of the standard normal, between a <= b; exact in both tails.
double normal_mass(double a, double b) {
  const auto tail = [](double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); };  // above z
  return a > 0 ? tail(a) - tail(b) : tail(-b) - tail(-a);
}

double width_of(double points, double dimensions) {
  const double scott = 0.2 * std::pow(std::max(points, 1.0), -1 / (dimensions + 4));
  return std::max(scott, 1 / std::min(100.0, points + 1));
}

}  // namespace

Parzen::Parzen(const Space& space, std::span<const size_t> dimensions, const std::vector<const Point*>& points)
    : points_(static_cast<double>(points.size())) {
  double varying = 0;
  for (const size_t d : dimensions) {
    dimensions_.push_back(&space.dimensions()[d]);
    if (!dimensions_.back()->fixed()) ++varying;
  }
  const Kernel prior{kNowhere, 1};
  for (const Point* point : points) {
    std::vector<Kernel> kernels;
    for (const Dimension* dimension : dimensions_) {
      const auto value = point->values.find(dimension->name);
      ATTUNE_CHECK(value != point->values.end(), "the point has no {}", dimension->name);
      const auto unit = unit_of(*dimension, value->second);
      kernels.push_back(unit ? Kernel{*unit, width_of(points_, varying)} : prior);
    }
    kernels_.push_back(std::move(kernels));
  }
  kernels_.emplace_back(dimensions_.size(), prior);
}

std::vector<double> Parzen::sample(uint64_t key) const {
  const std::vector<Kernel>& kernels = kernels_[below(key, 0, kernels_.size())];
  std::vector<double> units;
  for (size_t d = 0; d < dimensions_.size(); ++d) {
    const uint64_t own = mix_key(key, hash(dimensions_[d]->name));
    const Kernel& kernel = kernels[d];
    double unit = uniform(own, 0);
    if (dimensions_[d]->unordered()) {
      const auto count = static_cast<double>(cells(*dimensions_[d]));
      const double own_chance = 1 / (1 + count / std::max(points_, 1.0));  // the rest is shared by all alike
      if (kernel.center >= 0 && uniform(own, 1) < own_chance) unit = kernel.center;
    } else {
      const double center = kernel.center < 0 ? 0.5 : kernel.center;
      constexpr uint32_t kTries = 200;  // a centre within [0, 1] and a width up to 1: at least 1 in 3 falls inside
      double drawn = -1;
      for (uint32_t i = 0; i < kTries && (drawn < 0 || drawn > 1); ++i)
        drawn = center + kernel.width * random_normal(own, i);
      unit = std::clamp(drawn, 0.0, 1.0);
    }
    units.push_back(unit);
  }
  return units;
}

double Parzen::log_kernel(size_t d, const Kernel& kernel, double unit) const {
  const Dimension& dimension = *dimensions_[d];
  const auto cell = cell_at(dimension, unit);
  if (dimension.unordered()) {
    const auto count = static_cast<double>(cells(dimension));
    if (kernel.center < 0) return -std::log(count);
    const bool same = kernel.center >= cell->low && kernel.center < cell->high;
    return std::log(((same ? 1 : 0) + 1 / points_) / (1 + count / points_));
  }
  const double center = kernel.center < 0 ? 0.5 : kernel.center, s = kernel.width;
  const double whole = normal_mass(-center / s, (1 - center) / s);
  if (cell) return std::log(normal_mass((cell->low - center) / s, (cell->high - center) / s) / whole);
  const double z = (unit - center) / s;
  return -0.5 * z * z - std::log(s * std::sqrt(2 * std::numbers::pi) * whole);
}

double Parzen::log_density(std::span<const double> units) const {
  std::vector<double> terms;
  for (const auto& kernels : kernels_) {
    double sum = 0;
    for (size_t d = 0; d < dimensions_.size(); ++d) sum += log_kernel(d, kernels[d], units[d]);
    terms.push_back(sum);
  }
  const double most = *std::max_element(terms.begin(), terms.end());
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - most);
  return most + std::log(sum / static_cast<double>(terms.size()));
}

}  // namespace attune::tune
