// Which column holds the text, the second text, the target: by option, else by usual names.
#pragma once
#include <string>
#include <vector>

#include "attune/data/read_options.h"

namespace attune::data {

struct Columns {
  int text = -1, text_pair = -1, weight = -1, id = -1;
  std::vector<int> label;      // one; several 0/1 columns; none where no target is read
  std::vector<int> negatives;  // embedding
  TextShape shape = TextShape::none;
  std::vector<std::string> notes;  // what was recognised rather than told, one line each
};

struct ColumnQuestion {
  const std::vector<std::string>& names;  // the file's columns
  std::string file, format;
  TargetKind target;
  TargetNeed need;
};

// Errors (input): a named column is missing (lists all and the nearest), none or several usual names stand there (lists
// them), one column is asked for twice, an embedding task's rows have a score and
// negatives.
Columns choose_columns(const ColumnQuestion& question, const ReadOptions& options);

// The same of negatives alone: a row of JSONL may be the first that has some.
std::vector<int> negative_columns(const ColumnQuestion& question, const ReadOptions& options);

}  // namespace attune::data
