// A file of predictions beside what is right, as `attune compare` reads it (compare/prediction_file.h).
#pragma once
#include <filesystem>

#include "attune/base/files.h"
#include "attune/train/evaluate.h"
#include "attune/train/prediction_lines.h"

namespace attune::train {

// The file appears whole with commit(), or not at all. A row without an id is named by its place, which is the same for
// every model: "line 7", of several files "file 2 line 7". Bundle and split outlive this object.
class PredictionWriter {
 public:
  PredictionWriter(const std::filesystem::path& path, const tasks::ModelBundle& bundle, const Split& split);
  // What evaluate() tells of each row.
  SeeRow see();
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
  PredictionLines lines_;
  const Split& split_;
};

}  // namespace attune::train
