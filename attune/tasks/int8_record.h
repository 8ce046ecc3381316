// What was found out about a folder's model in int8: int8.json beside it, written by `attune quantize`, asked for by
// `attune serve --precision int8`.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "attune/nn/precision.h"

namespace attune::tasks {

inline constexpr const char* kInt8File = "int8.json";

struct Int8Record {
  std::string outcome;    // safe, harmful, undecided
  bool accepted = false;  // undecided, and its user took it so
  std::string sha256;     // of the model that it was found out about (folder_hash)
  // Mixed precision: the parts (models::part_name) that are not made of bytes, of which `outcome` then speaks.
  std::vector<std::string> wide = {};

  bool allows() const { return outcome == "safe" || (outcome == "undecided" && accepted); }
};

// Nothing where there is no such file. Errors (model): broken, or a field of another type.
std::optional<Int8Record> read_int8_record(const std::filesystem::path& folder);

// What `precision` is for this folder, whose model has so many layers: in int8 with the parts that its int8.json keeps
// wide. Errors: those of read_int8_record; a part that the model does not have.
nn::Precision precision_for(const std::filesystem::path& folder, nn::Precision precision, int64_t layers);

// "bf16"; "int8"; "int8 (encoder.layer.3 in bf16)".
std::string precision_text(const nn::Precision& precision);

// Why the folder's model should not be served in int8, with the remedy; empty: it may.
std::string why_no_int8(const std::filesystem::path& folder, const std::string& sha256);

// Of configuration, record, tokenizer and weights of a folder, of the folders in it that sentence-transformers keeps
// weights and pooling in, and of an adapter's base: models with the same hash give the same answers. Of a base whose
// weights' hash is in the adapter's record only the other files are read. Errors: io; those of io::transformer_folder
// and AdapterFolder.
std::string folder_hash(const std::filesystem::path& folder);

}  // namespace attune::tasks
