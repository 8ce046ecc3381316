// Reading a long sentence in overlapping windows: every word is trained and predicted once, in the window where it is
// farthest from an edge.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace attune::data {

// Words (units of SentencePieces) [word_begin, word_end) stand in the window; of these, [own_begin, own_end) are
// trained and predicted in it.
struct Window {
  int32_t word_begin, word_end;
  int32_t own_begin, own_end;
};

// `starts` [W + 1]: the first piece of each word, then the number of pieces; no word has more than `room` pieces.
// A window holds at most `room` pieces and shares about `overlap` pieces with the one before. The beginning and the end
// of the sentence are no edges. Ties go to the earlier window. W = 0: one empty window.
std::vector<Window> make_windows(std::span<const int32_t> starts, int32_t room, int32_t overlap);

}  // namespace attune::data
