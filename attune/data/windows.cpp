#include "attune/data/windows.h"

#include <algorithm>
#include <limits>

#include "attune/base/error.h"

namespace attune::data {
namespace {

std::vector<Window> lay_out(std::span<const int32_t> starts, int32_t room, int32_t overlap) {
  const auto words = static_cast<int32_t>(starts.size()) - 1;
  const auto at = [&](int32_t word) { return starts[static_cast<size_t>(word)]; };
  std::vector<Window> windows;
  for (int32_t begin = 0;;) {
    int32_t end = begin;
    while (end < words && at(end + 1) - at(begin) <= room) ++end;
    // A window that ends where the one before ends (a long word follows) gives no word more context: leave it out.
    if (windows.empty() || end > windows.back().word_end) windows.push_back({begin, end, 0, 0});
    if (end == words) break;
    int32_t next = begin + 1;
    while (next < end && at(next) < at(begin) + room - overlap) ++next;
    begin = next;
  }
  // The last window may reach back as far as there is room: its words gain context.
  Window& last = windows.back();
  while (windows.size() > 1 && at(words) - at(last.word_begin - 1) <= room) --last.word_begin;
  return windows;
}

}  // namespace

std::vector<Window> make_windows(std::span<const int32_t> starts, int32_t room, int32_t overlap) {
  ATTUNE_CHECK(!starts.empty() && room > 0 && overlap >= 0, "{} starts, room {}", starts.size(), room);
  const auto words = static_cast<int32_t>(starts.size()) - 1;
  const auto at = [&](int32_t word) { return starts[static_cast<size_t>(word)]; };
  std::vector<Window> windows = lay_out(starts, room, overlap);
  constexpr int32_t kFar = std::numeric_limits<int32_t>::max();
  const auto distance = [&](const Window& window, int32_t word) {
    const int32_t left = window.word_begin == 0 ? kFar : at(word) - at(window.word_begin);
    const int32_t right = window.word_end == words ? kFar : at(window.word_end) - at(word + 1);
    return std::min(left, right);
  };
  // To the right a word gets farther from the later window's left edge and nearer to the earlier one's right edge, so
  // what a window owns is one run of words.
  for (size_t k = 0; k < windows.size(); ++k) {
    Window& window = windows[k];
    window.own_begin = k == 0 ? 0 : windows[k - 1].own_end;
    window.own_end = window.word_end;
    if (k + 1 == windows.size()) break;
    const Window& later = windows[k + 1];
    int32_t own = std::max(later.word_begin, window.own_begin);
    while (own < window.word_end && distance(window, own) >= distance(later, own)) ++own;
    window.own_end = own;
  }
  return windows;
}

}  // namespace attune::data
