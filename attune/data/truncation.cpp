#include "attune/data/truncation.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::data {

const std::vector<std::string>& truncation_names() {
  static const std::vector<std::string> names{"auto", "head", "tail", "head-tail", "longest-first", "stride"};
  return names;
}

Truncation parse_truncation(std::string_view name, bool tagging) {
  if (name == "auto") return tagging ? Truncation::stride : Truncation::longest_first;
  if (name == "head") return Truncation::head;
  if (name == "tail") return Truncation::tail;
  if (name == "head-tail") return Truncation::head_tail;
  if (name == "longest-first") return Truncation::longest_first;
  if (name == "stride" && tagging) return Truncation::stride;
  if (name == "stride")
    fail(ErrorKind::usage, "--truncate stride is for tagging; expected head, tail, head-tail or longest-first");
  fail(ErrorKind::usage, "--truncate: expected auto, head, tail, head-tail, longest-first or stride, got '{}'{}", name,
       did_you_mean(name, truncation_names()));
}

Kept kept_pieces(int32_t length, int32_t room, Truncation how) {
  if (length <= room) return {length, 0};
  if (how == Truncation::tail) return {0, room};
  if (how == Truncation::head_tail) {
    const int32_t head = (room + 2) / 4;
    return {head, room - head};
  }
  return {room, 0};
}

std::pair<int32_t, int32_t> longest_first(int32_t first, int32_t second, int32_t room) {
  if (first + second <= room) return {first, second};
  const bool swapped = first > second;
  int32_t shorter = std::min(first, second);
  int32_t longer = std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = room - shorter;
  }
  return swapped ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

}  // namespace attune::data
