// IEEE binary16 to and from float, bit by bit, so that every compiler and processor gives the same.
#pragma once
#include <bit>
#include <cstdint>

namespace attune::io {

// Exact.
constexpr float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 31U, fraction = half & 0x3ffU;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
}

// Rounds to nearest, ties to even; beyond 65,504 by half a step or more becomes infinity; NaN stays NaN.
constexpr uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000U;
  uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
  if (magnitude >= 0x477ff000U) return static_cast<uint16_t>(sign | 0x7c00U);
  // Below 2^-14 the halves are multiples of 2^-24, which is the last place of a float near 0.5: adding 0.5 rounds.
  if (magnitude < 0x38800000U)
    return static_cast<uint16_t>(sign |
                                 (std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000U));
  magnitude += 0xc8000fffU + ((magnitude >> 13) & 1U);  // exponent bias 127 to 15, and half a step less the tie to even
  return static_cast<uint16_t>(sign | (magnitude >> 13));
}

}  // namespace attune::io
