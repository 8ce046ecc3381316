// Whole data sets.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/data/examples.h"
#include "attune/data/read_options.h"

namespace attune::data {

struct Dataset {
  std::vector<std::string> files;
  Examples examples;
  std::vector<std::string> notes;  // what was recognised, converted or repaired, one line each, for the user
  TagCounts tags;
  TextShape shape = TextShape::none;       // of an embedding task's rows
  std::shared_ptr<const Examples> corpus;  // judgements: the documents that are searched; else nothing

  // "train.csv line 812"
  std::string describe(Origin origin) const {
    return (origin.file >= 0 && origin.file < static_cast<int32_t>(files.size()) ? files[origin.file] : "?") +
           " line " + std::to_string(origin.line);
  }
};

// Reads all files, one after another, and converts tags to IOB2 (each file's scheme by itself). Dataset::notes says
// what was recognised, converted and repaired. Errors (input): those of the readers; no rows; with strict_tags an I-
// tag that continues nothing in an IOB2 file; a tag without prefix among prefixed ones; files of an embedding task
// whose rows are of different shapes. `scratch`: a folder for files that hold the rows while they are needed, about as
// large as the data; a row then takes no memory. Empty: the rows stay in memory. Errors (io): no room there.
Dataset read_dataset(const std::vector<std::string>& paths, TargetKind target, const ReadOptions& options,
                     TargetNeed need = TargetNeed::required, const std::filesystem::path& scratch = {});

// SHA-256 (hex) over the number of files and, for each, its length and bytes, in order: whether a resumed run reads
// the same data. Paths do not enter.
std::string fingerprint_files(const std::vector<std::string>& paths);

}  // namespace attune::data
