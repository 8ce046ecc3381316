#include "attune/track/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace attune::track {
namespace {

constexpr int kMantissaBits = 23, kKeptBits = 2;
constexpr uint32_t kExponentBias = 127, kInfinity = 0x7F800000u;
constexpr int kSmallestExponent = -40;
constexpr uint32_t kFirst = (kExponentBias + kSmallestExponent) << kKeptBits;
constexpr uint32_t kBuckets = ((kExponentBias + 128) << kKeptBits) - kFirst;

// The lower bound of bucket i: the number whose leading bits are its number.
double lower_bound(size_t i) {
  const auto bits = (kFirst + static_cast<uint32_t>(i)) << (kMantissaBits - kKeptBits);
  return bits >= kInfinity ? std::ldexp(1.0, 128) : static_cast<double>(std::bit_cast<float>(bits));
}

// Adds (low, high] with its count; where the bucket before it was not there, an empty one that ends at `low`.
void put_bucket(Histogram& h, double low, double high, int64_t count) {
  if (count == 0) return;
  if (h.limits.empty() || h.limits.back() != low) h.limits.push_back(low), h.counts.push_back(0);
  h.limits.push_back(high), h.counts.push_back(static_cast<double>(count));
}

}  // namespace

HistogramSum::HistogramSum()
    : negative_(kBuckets),
      positive_(kBuckets),
      min_(std::numeric_limits<double>::infinity()),
      max_(-std::numeric_limits<double>::infinity()) {}

void HistogramSum::add(std::span<const float> values) {
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    if (magnitude >= kInfinity) continue;
    const uint32_t bucket = magnitude >> (kMantissaBits - kKeptBits);
    if (bucket < kFirst)
      ++zeros_;
    else
      ++(bits >> 31 ? negative_ : positive_)[bucket - kFirst];
    const auto wide = static_cast<double>(value);
    min_ = std::min(min_, wide), max_ = std::max(max_, wide);
    sum_ += wide, sum_squares_ += wide * wide;
  }
}

Histogram HistogramSum::histogram() const {
  Histogram h;
  for (size_t i = kBuckets; i-- > 0;) put_bucket(h, -lower_bound(i + 1), -lower_bound(i), negative_[i]);
  put_bucket(h, -lower_bound(0), lower_bound(0), zeros_);
  for (size_t i = 0; i < kBuckets; ++i) put_bucket(h, lower_bound(i), lower_bound(i + 1), positive_[i]);
  for (const double count : h.counts) h.count += count;
  if (h.count == 0) return h;
  h.min = min_, h.max = max_, h.sum = sum_, h.sum_squares = sum_squares_;
  return h;
}

}  // namespace attune::track
