// What was found out about a folder's model in int8: int8.json beside it, written by `attune quantize`, asked for by
// `attune serve --precision int8`.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace attune::tasks {

inline constexpr const char* kInt8File = "int8.json";

struct Int8Record {
  std::string outcome;    // safe, harmful, undecided
  bool accepted = false;  // undecided, and its user took it so
  std::string sha256;     // of the model that it was found out about (folder_hash)

  bool allows() const { return outcome == "safe" || (outcome == "undecided" && accepted); }
};

// Nothing where there is no such file. Errors (model): broken, or a field of another type.
std::optional<Int8Record> read_int8_record(const std::filesystem::path& folder);

// Why the folder's model should not be served in int8, with the remedy; empty: it may.
std::string why_no_int8(const std::filesystem::path& folder, const std::string& sha256);

// Of configuration, record, tokenizer and weights of a folder, and of the folders in it that sentence-transformers
// keeps weights and pooling in: models with the same hash give the same answers. Errors: io; those of
// io::transformer_folder.
std::string folder_hash(const std::filesystem::path& folder);

}  // namespace attune::tasks
