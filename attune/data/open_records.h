// From a path to a reader of its records.
#pragma once
#include <istream>
#include <memory>
#include <string>

#include "attune/data/read_options.h"
#include "attune/data/record.h"

namespace attune::data {

// "csv", "tsv", "jsonl", "conll" or "text". options.format unless it is "auto"; then by extension: .csv, .tsv,
// .jsonl/.ndjson/.json, .conll/.bio/.iob/.iob2/.ner; for others by the target and the first bytes: JSON objects are
// jsonl; for tags, columns that end in a tag (or, where a target is required, anything) are conll; else text.
std::string detect_format(const std::string& path, std::string_view first_bytes, const ReadOptions& options,
                          TargetKind target, TargetNeed need);

// Opens `path`; "-" is standard input. Errors: io (cannot be opened), input (empty CSV), usage (bad separator).
std::unique_ptr<RecordReader> open_records(const std::string& path, const ReadOptions& options, TargetKind target,
                                           TargetNeed need);

// Reads a stream that outlives the reader; `name` stands for it in messages and its extension counts.
std::unique_ptr<RecordReader> open_records(std::istream& stream, const std::string& name, const ReadOptions& options,
                                           TargetKind target, TargetNeed need);

}  // namespace attune::data
