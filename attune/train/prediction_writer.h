// A file of predictions beside what is right, as `attune compare` reads it (compare/prediction_file.h).
#pragma once
#include <filesystem>

#include "attune/base/files.h"
#include "attune/train/evaluate.h"
#include "attune/train/prediction_lines.h"

namespace attune::train {

// What a row without an id is called: by its place, which is the same for every model: "line 7", of several files
// "file 2 line 7".
std::string row_name(data::Origin origin, size_t files);
// Such a name as a place: "train.csv line 7"; ids as they are.
std::string place_of_name(const std::string& name, const std::vector<std::string>& files);

// The file appears whole with commit(), or not at all. Bundle and split outlive this object.
class PredictionWriter {
 public:
  // `for_corrections`: with what corrections of tags need beside (LineOptions::other_tags).
  PredictionWriter(const std::filesystem::path& path, const tasks::ModelBundle& bundle, const Split& split,
                   bool for_corrections = false);
  // What evaluate() tells of each row.
  SeeRow see();
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
  PredictionLines lines_;
  const Split& split_;
};

}  // namespace attune::train
