// Whole data sets in memory.
#pragma once
#include <string>
#include <vector>

#include "attune/data/example.h"
#include "attune/data/read_options.h"

namespace attune::data {

// Reads all files, one after another, and converts tags to IOB2 (each file's scheme by itself). Dataset::notes says
// what was recognised, converted and repaired. Errors (input): those of the readers; no rows; with strict_tags an I-
// tag that continues nothing in an IOB2 file; a tag without prefix among prefixed ones.
Dataset read_dataset(const std::vector<std::string>& paths, TargetKind target, const ReadOptions& options,
                     TargetNeed need = TargetNeed::required);

// SHA-256 (hex) over the number of files and, for each, its length and bytes, in order: whether a resumed run reads
// the same data. Paths do not enter.
std::string fingerprint_files(const std::vector<std::string>& paths);

// 64 bits of an example's input (text, pair, words), not of its target or place: equal inputs are equal numbers.
uint64_t input_hash(const Example& example);

}  // namespace attune::data
