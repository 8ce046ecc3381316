#include "attune/train/parts.h"

#include <string_view>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/suggest.h"

namespace attune::train {

Parts read_parts(const std::string& path, int64_t rows) {
  const std::string text = read_file(path);
  Parts parts;
  int64_t row = 0;
  for (size_t at = 0; at < text.size(); ++row) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view word(text.data() + at, end - at);
    if (word.ends_with('\r')) word.remove_suffix(1);
    at = end + 1;
    if (row >= rows) continue;  // counted, told below
    if (word == "train")
      parts.train.push_back(static_cast<int32_t>(row));
    else if (word == "dev")
      parts.dev.push_back(static_cast<int32_t>(row));
    else if (word == "test")
      parts.test.push_back(static_cast<int32_t>(row));
    else if (word != "none")
      fail(ErrorKind::input, "{} line {}: '{}'{}; expected train, dev, test or none", path, row + 1, word,
           did_you_mean(word, {"train", "dev", "test", "none"}));
  }
  if (row != rows)
    fail(ErrorKind::input, "{} has {} lines and the training files {} rows; it must have a line for each row", path,
         row, rows);
  if (parts.train.empty()) fail(ErrorKind::input, "{}: no line says train; there is nothing to learn from", path);
  return parts;
}

std::string parts_text(const std::string& of_row) {
  std::string text;
  for (const char part : of_row)
    text += part == 't' ? "train\n" : part == 'd' ? "dev\n" : part == 'e' ? "test\n" : "none\n";
  return text;
}

}  // namespace attune::train
