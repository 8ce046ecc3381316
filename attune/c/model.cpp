#include "attune/c/model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/json.h"
#include "attune/base/threads.h"
#include "attune/base/utf8.h"
#include "attune/data/words.h"
#include "attune/tasks/int8_record.h"
#include "attune/tasks/pairs.h"
#include "attune/train/text_vectors.h"

namespace attune::c {
namespace {

constexpr size_t kRowsAtOnce = 256;  // answered together, so that memory does not grow with the rows of a call

std::string checked_text(const attune_text& text, size_t number) {
  if (!text.bytes && text.size > 0) fail(ErrorKind::usage, "text {} is NULL, with a size of {}", number, text.size);
  std::string copy(text.bytes ? text.bytes : "", text.size);
  if (const auto at = utf8::first_invalid(copy))
    fail(ErrorKind::input, "text {} is not valid UTF-8: byte {} is 0x{:02x}; convert it first", number, *at,
         static_cast<unsigned>(static_cast<unsigned char>(copy[*at])));
  return copy;
}

std::string described(const tasks::ModelBundle& bundle, const ThreadChoice& threads) {
  return json_text({{"task", bundle.task->name},
                    {"labels", bundle.labels.names()},
                    {"outputs", bundle.logit_count()},
                    {"precision", tasks::precision_text(bundle.model->precision())},
                    {"threads", threads.threads},
                    {"threads_reason", threads.reason},
                    {"max_length", bundle.encode.max_length},
                    {"notes", bundle.notes}});
}

// Rows [first, last) of some, a bounded number at a time.
template <class Take>
void each_part(std::span<const data::Example> rows, const Take& take) {
  for (size_t first = 0; first < rows.size(); first += kRowsAtOnce)
    take(rows.subspan(first, std::min(kRowsAtOnce, rows.size() - first)), first);
}

}  // namespace
}  // namespace attune::c

using namespace attune;

attune_model::attune_model(const train::InferenceOptions& options)
    : batch_size_(options.batch_size), bundle_(options.open()) {
  const ThreadChoice threads = choose_threads(options.threads);
  kernels_ = kernels::cpu::make_kernels(threads.threads);
  description_ = c::described(bundle_, threads);
}

std::vector<data::Example> attune_model::rows(std::span<const attune_text> texts, const attune_text* pairs) const {
  const bool tagging = bundle_.task->kind == tasks::TaskKind::tag;
  if (tagging && pairs) fail(ErrorKind::usage, "a model of the task tag reads single texts; second texts were given");
  std::vector<data::Example> rows(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    data::Example& row = rows[i];
    row.text = c::checked_text(texts[i], i + 1);
    row.has_pair = pairs != nullptr;
    if (pairs) row.text_pair = c::checked_text(pairs[i], i + 1);
    if (tagging) data::split_words(row.text, row.words, row.word_spans);
    row.origin.line = static_cast<int64_t>(i) + 1;
  }
  return rows;
}

std::string attune_model::predict(std::span<const data::Example> rows, const std::string& name,
                                  const train::LineOptions& options) {
  if (bundle_.task->kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage, "{} gives a vector a text and labels none; embed gives them", bundle_.source.string());
  for (const data::Example& row : rows)
    tasks::check_pair(bundle_, row.has_pair, [&] { return fmt::format("{} {}", name, row.origin.line); });
  const train::PredictionLines lines(bundle_, options);
  std::string text;
  const std::lock_guard<std::mutex> lock(one_at_a_time_);
  c::each_part(rows, [&](std::span<const data::Example> part, size_t) {
    const std::vector<train::RowLogits> logits = predictor(false).logits(part);
    for (size_t i = 0; i < part.size(); ++i) text += lines.line(part[i], logits[i]);
  });
  return text;
}

void attune_model::embed(std::span<const data::Example> rows, bool passages, std::span<float> vectors) {
  if (vectors.size() < rows.size() * outputs())
    fail(ErrorKind::usage, "{} vectors of width {} need {} floats; there is room for {}", rows.size(), outputs(),
         rows.size() * outputs(), vectors.size());
  const std::lock_guard<std::mutex> lock(one_at_a_time_);
  c::each_part(rows, [&](std::span<const data::Example> part, size_t first) {
    const std::vector<float> some = train::vectors_of(predictor(passages), part);
    std::copy(some.begin(), some.end(), vectors.begin() + static_cast<std::ptrdiff_t>(first * outputs()));
  });
}

// A predictor takes its prefix when it is made.
train::Predictor& attune_model::predictor(bool passages) {
  std::optional<train::Predictor>& wanted = passages ? passages_ : queries_;
  if (!wanted) {
    const std::string query = bundle_.encode.query_prefix;
    if (passages) bundle_.encode.query_prefix = bundle_.encode.passage_prefix;
    wanted.emplace(bundle_, *kernels_, batch_size_);
    bundle_.encode.query_prefix = query;
  }
  return *wanted;
}
