// --parts FILE: what each row of the training files is for, a word a line.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attune::train {

struct Parts {
  std::vector<int32_t> train, dev, test;  // rows, ascending
};

// Errors (io, input): another number of lines than `rows`, another word than train, dev, test and none (names the
// line), no row for training.
Parts read_parts(const std::string& path, int64_t rows);

// The file's text. `of_row`: 't' train, 'd' dev, 'e' test, '-' none.
std::string parts_text(const std::string& of_row);

}  // namespace attune::train
