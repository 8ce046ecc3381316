// Whether two folders hold the same model, by SHA-256 (hex).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace attune::io {

// Files of a Hugging Face folder, beside the weights, from which a model and its tokenizer are made.
const std::vector<std::string>& model_file_names();

// Of names and contents of the folder's *.safetensors and of those of `names` that are there, in the order of their
// names. Errors: io.
std::string fingerprint_folder(const std::filesystem::path& folder, const std::vector<std::string>& names);

// Likewise of those of `names` alone, which does not read weights.
std::string fingerprint_files(const std::filesystem::path& folder, const std::vector<std::string>& names);

}  // namespace attune::io
