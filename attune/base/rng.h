// Random numbers without state. Every draw is a pure function of a key and a counter, so it does not move when
// batches are split, reordered or kept in other company, and a resumed run draws what the unbroken one would have.
//
// A key is built by mixing what identifies the draw: seed, step, stream (layer and site), pass, the example's row in
// the data set, its occurrence in the step, token position; the counter is the channel (in attention: the key
// position). See docs/design.md, "Random numbers".
#pragma once
#include <bit>
#include <cstdint>
#include <span>

namespace attune {

// SplitMix64's finaliser (Steele, Lea, Flood 2014; constants by Stafford, variant 13): a bijection of 64 bits in
// which every input bit moves about half of the output bits.
constexpr uint64_t mix64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return x;
}

// Folds one more identifying number into a key.
constexpr uint64_t mix_key(uint64_t key, uint64_t part) {
  return mix64(key + 0x9e3779b97f4a7c15ULL + mix64(part + 0x9e3779b97f4a7c15ULL));
}

// A key of some 32-bit values in their order: equal ones, bit for bit, have equal keys.
template <class T>
constexpr uint64_t key_of_values(std::span<const T> values) {
  uint64_t key = values.size();
  for (const T value : values) key = mix_key(key, std::bit_cast<uint32_t>(value));
  return key;
}

// 32 random bits for (key, counter). Two keyed rounds of a 32-bit mixer (constants "lowbias32", C. Wellons 2018):
// cheap in vector lanes, which is why kernels use this and not 64-bit arithmetic. kernels/cpu repeats it lane by lane
// and must stay equal bit for bit (tested).
constexpr uint32_t lowbias32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}
constexpr uint32_t random_bits(uint64_t key, uint32_t counter) {
  const auto low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
  return lowbias32(lowbias32(counter * 0x9e3779b9U + low) + high);
}

// Uniform in [0, 1) with 24 bits.
constexpr float random_unit(uint64_t key, uint32_t counter) {
  return static_cast<float>(random_bits(key, counter) >> 8) * 0x1p-24f;
}

// Standard normal by Box-Muller from counters 2c and 2c+1.
double random_normal(uint64_t key, uint32_t counter);

// An integer in [0, bound), without modulo bias beyond 2^-32 (multiply-shift).
constexpr uint32_t random_below(uint64_t key, uint32_t counter, uint32_t bound) {
  return static_cast<uint32_t>((static_cast<uint64_t>(random_bits(key, counter)) * bound) >> 32);
}

}  // namespace attune
