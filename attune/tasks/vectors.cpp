#include "attune/tasks/vectors.h"

#include <cmath>

namespace attune::tasks {

void scale_to_unit_rows(std::span<float> vectors, size_t width) {
  for (size_t at = 0; at < vectors.size(); at += width) {
    const std::span<float> row = vectors.subspan(at, width);
    double squares = 0;
    for (const float x : row) squares += static_cast<double>(x) * static_cast<double>(x);
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (float& x : row) x = static_cast<float>(static_cast<double>(x) * scale);
  }
}

io::SentenceSettings vector_settings(const std::filesystem::path& folder, int64_t hidden) {
  return io::read_sentence_settings(folder, hidden).value_or(io::SentenceSettings{.mean = true, .normalize = true});
}

void take_prefixes(const io::SentenceSettings& settings, data::EncodeOptions& encode) {
  if (encode.query_prefix.empty()) encode.query_prefix = settings.query_prompt;
  if (encode.passage_prefix.empty()) encode.passage_prefix = settings.document_prompt;
}

}  // namespace attune::tasks
