// The letters of pictures: 5 by 7 pixels each, drawn for attune.
#pragma once
#include <array>
#include <cstdint>

namespace attune::track {

inline constexpr int kLetterWidth = 5, kLetterHeight = 7;

// Rows from the top; of a row the highest of 5 bits is the left pixel. Characters outside of printable ASCII: a block.
std::array<uint8_t, kLetterHeight> letter(char character);

}  // namespace attune::track
