// Logits into the bodies that clients read. Numbers are the shortest decimals that give the same f32 again.
#pragma once
#include <span>
#include <string>

#include "attune/serve/job.h"

namespace attune::serve {

// Every answer's first check. Refuses (backend) logits that are not finite.
void check_finite(const Job& job);

struct Vectors {
  std::vector<float> values;  // [rows, width]
  size_t width = 0;
  std::span<const float> row(size_t i) const { return std::span(values).subspan(i * width, width); }
  size_t rows() const { return width ? values.size() / width : 0; }
};
// Pooled vectors as the model has them, or scaled to length 1.
Vectors vectors_of(const Job& job, bool normalize);

// TEI /embed: [[...], ...].
std::string embed_body(const Vectors& vectors);
// OpenAI's list; base64: the f32 values, little endian.
std::string openai_body(const Vectors& vectors, bool base64, const std::string& model, int64_t tokens);
// TEI /predict: [{"score": p, "label": name}, ...], largest first, of each row; a list of these for a batch. Soft-max
// over several labels, the sigmoid of one or of labels that do not exclude each other, logits where `raw`.
std::string predict_body(const Job& job, bool raw, bool batch);
// TEI /rerank: [{"index": i, "text": ..., "score": s}, ...], largest first.
std::string rerank_body(const Job& job, bool raw, bool with_texts);
// attune's own: the lines of `attune predict`, in {"model", "sha256", "results": [...]}.
std::string lines_body(const Job& job);

std::string base64(std::span<const unsigned char> bytes);

}  // namespace attune::serve
