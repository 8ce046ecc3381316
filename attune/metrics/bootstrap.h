// Percentile bootstrap (B. Efron 1979): units are drawn with replacement as often as there are units, and the spread
// of the statistic over the draws gives the interval. Draw d takes unit random_below(mix_key(mix_key(seed,
// kBootstrapStream), d), i, units) at its i-th place, so intervals repeat bit for bit and two systems judged with
// the same seed on the same rows see the same resamples.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/metrics/score.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

inline constexpr uint64_t kBootstrapStream = 0x626f6f74;  // "boot"

// How often each unit was taken in draw `draw`; the weights sum to weights.size().
void draw_weights(uint64_t seed, int draw, std::span<uint32_t> weights);

// One interval a statistic. Draws in which a statistic is undefined are left out; where fewer than half are defined,
// or there are no units, its interval is undefined. Percentiles interpolate linearly between draws, as numpy does.
std::vector<Interval> bootstrap_intervals(const Statistics& statistics, const BootstrapOptions& options);

// The q-quantile (0..1) of `values`, which need not be sorted and are reordered. NaN for none.
double quantile(std::span<double> values, double q);

// Mean of `a` - mean of `b` for two systems on the same rows (1: the row is right), with a paired interval: both
// systems are resampled together, which is tighter and more honest than comparing two separate intervals.
// Errors (internal): different sizes.
struct PairedDifference {
  double difference = kUndefined;
  Interval interval;
};
PairedDifference paired_difference(std::span<const uint8_t> a, std::span<const uint8_t> b,
                                   const BootstrapOptions& options = {});

}  // namespace attune::metrics
