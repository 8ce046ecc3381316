// What is kept of a text that is longer than the model may see.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attune::data {

enum class Truncation {
  head,           // the first pieces
  tail,           // the last pieces
  head_tail,      // a quarter from the head, the rest from the tail (Sun et al. 2019, arXiv:1905.05583: 128 + 382)
  longest_first,  // as head; the name pairs have it by in Hugging Face's tokenizers
  stride,         // tagging only: nothing is cut, the sentence is read in overlapping windows
};

// "auto" and the names of the above, as options have them.
const std::vector<std::string>& truncation_names();

// "auto" is stride for tagging and longest-first otherwise. Errors (usage): unknown name; stride for other targets.
Truncation parse_truncation(std::string_view name, bool tagging);

// How many of `length` pieces are kept from the head and from the tail to fit in `room`.
struct Kept {
  int32_t head, tail;
};
Kept kept_pieces(int32_t length, int32_t room, Truncation how);

// The room that each text of a pair gets: the longer one gives way first. Equal to TruncationStrategy::LongestFirst of
// Hugging Face's tokenizers 0.23: when both are longer than half the room, each gets half and the originally longer
// one (of equals the second) the odd piece.
std::pair<int32_t, int32_t> longest_first(int32_t first, int32_t second, int32_t room);

}  // namespace attune::data
