#include "attune/losses/example_state.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::losses {

std::span<float> ExampleState::note(int32_t row) {
  ATTUNE_CHECK(row >= 0, "a note on row {}", row);
  // Room at once, zeroed: what a run takes is measured in its dry passes.
  const size_t rows = std::max(rows_, static_cast<size_t>(row) + 1);
  if (values_.size() < rows * width_) values_.resize(rows * width_);
  noted_rows_.push_back(row);
  noted_.resize(noted_.size() + width_);
  return std::span(noted_).last(width_);
}

void ExampleState::commit() {
  for (size_t i = 0; i < noted_rows_.size(); ++i)
    std::copy_n(noted_.begin() + static_cast<std::ptrdiff_t>(i * width_), width_,
                values_.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(noted_rows_[i]) * width_));
  begin_step();
}

void ExampleState::restore(std::vector<float> values) {
  if (values.size() % width_ != 0)
    fail(ErrorKind::model, "{} values of a loss's state are no rows of {}", values.size(), width_);
  values_ = std::move(values);
  begin_step();
}

}  // namespace attune::losses
