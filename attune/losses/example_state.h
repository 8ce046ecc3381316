// What a loss remembers of every training row from step to step (a running mean of the model's answers, say).
//
// evaluate() reads it as it was before the step and only notes what a row's next values are; TrainStep writes the notes
// after the optimizer's update. So dry passes, evaluations and steps that fail leave it as it was, and the order and
// the split of a step's micro-batches change nothing. Of several notes on a row within a step (a strategy's passes) the
// last one counts.
//
// Memory: [rows, width] f32, rows: those of the training data, made with the first note. Kept in checkpoints, bit for
// bit; no part of the saved model.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace attune::losses {

class ExampleState {
 public:
  // `rows`: as many as the data is known to have; more are made room for when they come.
  ExampleState(int64_t width, int64_t rows) : width_(static_cast<size_t>(width)), rows_(static_cast<size_t>(rows)) {}

  // Value `c` of a row; 0 where nothing was written yet.
  double at(int32_t row, size_t c) const {
    const size_t i = static_cast<size_t>(row) * width_ + c;
    return i < values_.size() ? static_cast<double>(values_[i]) : 0.0;
  }
  // Notes a row's next values [width], for the caller to fill.
  std::span<float> note(int32_t row);

  void begin_step() { noted_rows_.clear(), noted_.clear(); }
  // Writes the notes.
  void commit();

  // [rows written of, width]
  const std::vector<float>& values() const { return values_; }
  // Errors (model): no whole rows.
  void restore(std::vector<float> values);

 private:
  size_t width_, rows_;
  std::vector<float> values_;
  std::vector<int32_t> noted_rows_;
  std::vector<float> noted_;  // [noted rows, width]
};

}  // namespace attune::losses
