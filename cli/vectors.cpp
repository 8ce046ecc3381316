#include "cli/vectors.h"

#include <cmath>

#include "attune/base/error.h"
#include "attune/data/open_records.h"

#include "cli/output.h"
#include "cli/row_chunks.h"

namespace attune::cli {

void check_embeds(const tasks::ModelBundle& bundle, const std::string& model) {
  if (bundle.task->kind != tasks::TaskKind::embed)
    fail(ErrorKind::usage,
         "{} is a model of the task '{}' and gives no vectors; train one with --task embed, or name an "
         "encoder",
         model, bundle.task->name);
}

std::vector<float> vectors_of(train::Predictor& predictor, std::span<const data::Example> texts) {
  std::vector<float> vectors;
  const std::vector<train::RowLogits> rows = predictor.logits(texts);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const float x : rows[i].logits)
      if (!std::isfinite(x))
        fail(ErrorKind::numeric,
             "line {}: the text's vector is not finite; the model's weights are damaged, or --precision f32 helps",
             texts[i].origin.line);
    vectors.insert(vectors.end(), rows[i].logits.begin(), rows[i].logits.end());
  }
  return vectors;
}

void each_vector(train::Predictor& predictor, const std::string& path, const data::ReadOptions& read,
                 const TakeVectors& take) {
  constexpr auto kTexts = data::TargetKind::texts;
  constexpr auto kIgnored = data::TargetNeed::ignored;
  data::ExampleReader reader(data::open_records(path, read, kTexts, kIgnored), kTexts, kIgnored, read);
  RowChunks chunks(reader);
  std::vector<data::Example> rows;
  for (bool first = true; chunks.next(rows); first = false) {
    if (first)
      for (const auto& note : reader.notes()) tell(note + "\n");
    for (data::Example& row : rows) row.has_pair = false, row.negatives.clear();  // the first text alone
    take(rows, vectors_of(predictor, rows));
  }
  chunks.rethrow();
}

}  // namespace attune::cli
