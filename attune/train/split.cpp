#include "attune/train/split.h"

#include <algorithm>
#include <fmt/core.h>

#include "attune/base/rng.h"

namespace attune::train {

std::shared_ptr<const data::EncodedSet> encode_corpus(const data::Dataset& data, const tasks::ModelBundle& bundle) {
  if (!data.corpus) return nullptr;
  data::EncodeOptions options = bundle.encode;
  options.query_prefix = options.passage_prefix;
  return std::make_shared<const data::EncodedSet>(
      data::encode_all(*data.corpus, *bundle.tokenizer, bundle.task->data, options));
}

Split make_split(std::string name, std::string files, data::Dataset data, const tasks::ModelBundle& bundle,
                 std::shared_ptr<const data::EncodedSet> corpus) {
  tasks::TargetTable targets(*bundle.task, bundle.labels, data, "the model");
  if (targets.by_number())
    data.notes.push_back(
        fmt::format("{}: the model's labels have made-up names; the data's are taken as the numbers of "
                    "its outputs, 0 as {} and so on",
                    files, bundle.labels.name(0)));
  data::EncodedSet encoded = data::encode_all(data.examples, *bundle.tokenizer, bundle.task->data, bundle.encode);
  return {std::move(name),    std::move(files),   std::move(data),
          std::move(encoded), std::move(targets), std::move(corpus)};
}

void fill_batch(tasks::Batch& batch, const Split& split, std::span<const int32_t> rows, bool tagging) {
  batch.clear();
  for (const int32_t row : rows) {
    const int64_t first = split.encoded.first_sequence(row);
    for (int64_t s = first; s < split.encoded.first_sequence(row + 1); ++s) {
      const data::Encoded sequence = split.encoded.at(s);
      batch.add(sequence, tagging, static_cast<int32_t>(s - first));
      split.targets.append(batch, row, sequence);
      if (split.teacher) split.teacher->append(batch.targets, row, sequence, s - first, tagging);
    }
    split.targets.end_row(batch, row);
  }
  batch.finish();
}

std::vector<int32_t> spread_rows(const Split& split, int64_t most) {
  constexpr uint64_t kSpreadStream = 0x737072656164;  // "spread"
  most = std::min(most, split.rows());
  std::vector<int32_t> rows;
  for (int64_t i = 0; i < most; ++i) {
    const int64_t first = i * split.rows() / most, next = (i + 1) * split.rows() / most;
    const uint32_t draw =
        random_below(mix64(kSpreadStream), static_cast<uint32_t>(i), static_cast<uint32_t>(next - first));
    rows.push_back(static_cast<int32_t>(first + draw));
  }
  return rows;
}

int64_t reads_of(const Split& split, int64_t row, bool tagging) {
  const int64_t first = split.encoded.first_sequence(row), last = split.encoded.first_sequence(row + 1);
  if (!tagging) return last - first;
  int64_t reads = 0;
  for (int64_t s = first; s < last; ++s) reads += std::ssize(split.encoded.at(s).places);
  return reads;
}

int64_t tokens_of(const Split& split, int64_t row) {
  int64_t tokens = 0;
  for (int64_t s = split.encoded.first_sequence(row); s < split.encoded.first_sequence(row + 1); ++s)
    tokens += split.encoded.length(s);
  return tokens;
}

int64_t tokens_of(const Split& split) {
  int64_t tokens = 0;
  for (int64_t row = 0; row < split.rows(); ++row) tokens += tokens_of(split, row);
  return tokens;
}

}  // namespace attune::train
