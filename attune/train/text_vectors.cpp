#include "attune/train/text_vectors.h"

#include <cmath>

#include "attune/base/error.h"

namespace attune::train {

void check_embeds(const tasks::ModelBundle& bundle, const std::string& model) {
  if (bundle.task->kind != tasks::TaskKind::embed)
    fail(ErrorKind::usage,
         "{} is a model of the task '{}' and gives no vectors; train one with --task embed, or name an "
         "encoder",
         model, bundle.task->name);
}

std::vector<float> vectors_of(Predictor& predictor, std::span<const data::Example> texts) {
  std::vector<float> vectors;
  const std::vector<RowLogits> rows = predictor.logits(texts);
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

}  // namespace attune::train
