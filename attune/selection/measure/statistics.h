// The arithmetic of figures: shares with their intervals, exact tests, areas under curves.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/metrics/score.h"
#include "attune/selection/profile.h"

namespace attune::selection {

// part / whole with Wilson's interval; undefined of nothing.
Figure share_figure(std::string name, std::string title, int64_t part, int64_t whole);

// Entropy in bits of counts, which need not be whole; 0 of nothing.
double entropy_bits(std::span<const double> counts);

// Fisher's exact test, one-sided (R. A. Fisher 1935): P(X >= both) where of `all` rows `first` have one label, `second`
// another, and `both` both:  sum over x from `both` to min(first, second) of C(first, x) C(all - first, second - x) /
// C(all, second).
double fisher_more_often(int64_t both, int64_t first, int64_t second, int64_t all);

// How many of `tests` hypotheses Holm (1979) rejects at `level`, given the smallest p values (others: 1). Reordered.
int64_t holm_rejections(std::span<double> p, int64_t tests, double level);

// P(X >= x) of chi-square with `freedom` degrees of freedom, above 0: Q(freedom / 2, x / 2) by series or continued
// fraction (Abramowitz & Stegun 6.5.29, 6.5.31).
double chi_square_above(double x, double freedom);

// Area under the ROC curve: the share of pairs (positive, negative) in which the positive one scores higher; ties count
// half. NaN without such a pair.
double area_under_roc(std::span<const float> scores, std::span<const uint8_t> positive);
// Its interval: area +- 1.96 sqrt([A (1 - A) + (n1 - 1) (A / (2 - A) - A^2) + (n2 - 1) (2 A^2 / (1 + A) - A^2)] /
// (n1 n2)), cut to [0, 1] (Hanley & McNeil 1982, Radiology 143).
metrics::Interval hanley_mcneil(double area, int64_t positives, int64_t negatives);

// Adds rows to those of the profile, all ranked: the most suspicious first, else in the order in which they came.
void add_suspicious(Profile& profile, std::vector<SuspiciousRow> rows);

}  // namespace attune::selection
