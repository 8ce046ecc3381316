#include "cli/row_chunks.h"

#include "attune/base/error.h"

namespace attune::cli {
namespace {

constexpr size_t kMost = 256;

}  // namespace

bool RowChunks::next(std::vector<data::Example>& rows) {
  size_t count = 0;
  rows.resize(kMost);
  try {
    while (more_ && count < kMost && (count == 0 || reader_.at_hand())) {
      more_ = reader_.next(rows[count]);
      if (more_) ++count;
    }
  } catch (const Error&) {
    broken_ = std::current_exception();
    more_ = false;
  }
  rows.resize(count);
  return count > 0;
}

}  // namespace attune::cli
