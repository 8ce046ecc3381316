#include "attune/serve/answers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>

#include "attune/base/json.h"
#include "attune/metrics/probabilities.h"
#include "attune/serve/refusal.h"
#include "attune/tasks/vectors.h"

namespace attune::serve {
namespace {

using Buffer = fmt::memory_buffer;

void put(Buffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

void put_list(Buffer& out, std::span<const float> values) {
  out.push_back('[');
  for (size_t i = 0; i < values.size(); ++i) {
    if (i) out.push_back(',');
    fmt::format_to(std::back_inserter(out), "{}", values[i]);
  }
  out.push_back(']');
}

std::vector<double> scores_of(const Job& job, std::span<const float> logits, bool raw) {
  if (raw) return {logits.begin(), logits.end()};
  return job.model->task() == tasks::TaskKind::classify ? metrics::softmax(logits) : metrics::sigmoids(logits);
}

std::vector<size_t> largest_first(const std::vector<double>& scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  return order;
}

// A score has one output and no label; TEI gives it Hugging Face's default name.
std::string label_name(const ServedModel& model, size_t label) {
  const auto& labels = model.bundle().labels;
  return label < static_cast<size_t>(labels.size()) ? labels.name(static_cast<int>(label))
                                                    : fmt::format("LABEL_{}", label);
}

void put_predictions(Buffer& out, const Job& job, std::span<const float> logits, bool raw) {
  const std::vector<double> scores = scores_of(job, logits, raw);
  out.push_back('[');
  bool first = true;
  for (const size_t label : largest_first(scores)) {
    fmt::format_to(std::back_inserter(out), "{}{{\"score\":{},\"label\":{}}}", first ? "" : ",",
                   static_cast<float>(scores[label]), json_text(label_name(*job.model, label)));
    first = false;
  }
  out.push_back(']');
}

}  // namespace

std::string base64(std::span<const unsigned char> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t bits = 0;
    for (size_t b = 0; b < 3; ++b) bits = bits << 8 | (b < left ? bytes[i + b] : 0u);
    for (size_t d = 0; d < 4; ++d) out += d <= left ? kDigits[bits >> (18 - 6 * d) & 63] : '=';
  }
  return out;
}

void check_finite(const Job& job) {
  for (const train::RowLogits& row : job.results)
    for (const float z : row.logits)
      if (!std::isfinite(z))
        refuse(Fault::backend, "the model's output is not finite: its weights are damaged, or --precision f32 helps");
}

Vectors vectors_of(const Job& job, bool normalize) {
  Vectors vectors{.values = {}, .width = static_cast<size_t>(job.model->bundle().logit_count())};
  for (const train::RowLogits& row : job.results) {
    // What the last layer reads is the pooled vector before any scaling.
    const std::vector<float>& from = normalize ? row.logits : row.features;
    vectors.values.insert(vectors.values.end(), from.begin(), from.end());
  }
  if (normalize && !job.model->bundle().vectors.normalize) tasks::scale_to_unit_rows(vectors.values, vectors.width);
  return vectors;
}

std::string embed_body(const Vectors& vectors) {
  Buffer out;
  out.push_back('[');
  for (size_t i = 0; i < vectors.rows(); ++i) {
    if (i) out.push_back(',');
    put_list(out, vectors.row(i));
  }
  out.push_back(']');
  return fmt::to_string(out);
}

std::string openai_body(const Vectors& vectors, bool as_base64, const std::string& model, int64_t tokens) {
  Buffer out;
  put(out, R"({"object":"list","data":[)");
  for (size_t i = 0; i < vectors.rows(); ++i) {
    fmt::format_to(std::back_inserter(out), R"({}{{"object":"embedding","index":{},"embedding":)", i ? "," : "", i);
    const auto row = vectors.row(i);
    if (as_base64)
      fmt::format_to(std::back_inserter(out), "\"{}\"",
                     base64({reinterpret_cast<const unsigned char*>(row.data()), row.size_bytes()}));
    else
      put_list(out, row);
    out.push_back('}');
  }
  fmt::format_to(std::back_inserter(out), R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                 json_text(model), tokens, tokens);
  return fmt::to_string(out);
}

std::string predict_body(const Job& job, bool raw, bool batch) {
  Buffer out;
  if (batch) out.push_back('[');
  for (size_t i = 0; i < job.results.size(); ++i) {
    if (i) out.push_back(',');
    put_predictions(out, job, job.results[i].logits, raw);
  }
  if (batch) out.push_back(']');
  return fmt::to_string(out);
}

std::string rerank_body(const Job& job, bool raw, bool with_texts) {
  std::vector<double> scores;
  for (const train::RowLogits& row : job.results) scores.push_back(scores_of(job, row.logits, raw)[0]);
  Buffer out;
  out.push_back('[');
  bool first = true;
  for (const size_t i : largest_first(scores)) {
    fmt::format_to(std::back_inserter(out), "{}{{\"index\":{},", first ? "" : ",", i);
    if (with_texts) fmt::format_to(std::back_inserter(out), "\"text\":{},", json_text(job.rows[i].text_pair));
    fmt::format_to(std::back_inserter(out), "\"score\":{}}}", static_cast<float>(scores[i]));
    first = false;
  }
  out.push_back(']');
  return fmt::to_string(out);
}

std::string lines_body(const Job& job) {
  Buffer out;
  fmt::format_to(std::back_inserter(out), R"({{"model":{},"sha256":"{}","results":[)", json_text(job.model->name()),
                 job.model->hash());
  for (size_t i = 0; i < job.results.size(); ++i) {
    if (i) out.push_back(',');
    std::string line = job.model->lines().line(job.rows[i], job.results[i]);
    line.pop_back();  // its newline
    put(out, line);
  }
  put(out, "]}");
  return fmt::to_string(out);
}

}  // namespace attune::serve
