// Rows to answer together: all that have come, so that whoever waits for an answer before writing more gets it.
#pragma once
#include <exception>
#include <vector>

#include "attune/data/example_reader.h"

namespace attune::cli {

class RowChunks {
 public:
  explicit RowChunks(data::ExampleReader& reader) : reader_(reader) {}
  // Fills `rows` with at most 256; false where there are none left.
  bool next(std::vector<data::Example>& rows);
  // Throws what was wrong with the row behind those that next() gave: after they were answered.
  void rethrow() const {
    if (broken_) std::rethrow_exception(broken_);
  }

 private:
  data::ExampleReader& reader_;
  bool more_ = true;
  std::exception_ptr broken_;
};

}  // namespace attune::cli
