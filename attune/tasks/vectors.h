// Texts' vectors: their length, and what a folder says of them.
#pragma once
#include <filesystem>
#include <span>
#include <string>

#include "attune/data/encode.h"
#include "attune/io/sentence_folder.h"

namespace attune::tasks {

// What becomes of a text's pooled vector, and how two are compared.
struct VectorSettings {
  bool normalize = true;              // scaled to length 1
  std::string similarity = "cosine";  // or dot, euclidean, manhattan, as sentence-transformers names them
};

// Scales each row of [n, width] to length 1, by itself; a row of zeros stays. Lengths are summed in f64.
void scale_to_unit_rows(std::span<float> vectors, size_t width);

// What the files of sentence-transformers in the folder say, else the usual: the mean of the pieces, of length 1.
// Errors: those of io::read_sentence_settings.
io::SentenceSettings vector_settings(const std::filesystem::path& folder, int64_t hidden);

// The folder's prefixes, where the user gave none.
void take_prefixes(const io::SentenceSettings& settings, data::EncodeOptions& encode);

}  // namespace attune::tasks
