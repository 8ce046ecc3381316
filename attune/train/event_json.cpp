#include "attune/train/event_json.h"

#include <nlohmann/json.hpp>

namespace attune::train {

using Json = nlohmann::ordered_json;

Json note_json(const std::string& text) {
  return {{"note", text}};
}

Json plan_json(const RunPlan& plan) {
  return {{"plan",
           {{"steps", plan.steps},
            {"tokens", plan.tokens},
            {"memory_mib", plan.memory_mib},
            {"seconds", plan.seconds},
            {"threads", plan.threads}}}};
}

Json progress_json(const Progress& progress) {
  return {{"step", progress.step},
          {"epoch", progress.epoch},
          {"loss", progress.loss},
          {"lr", progress.rate},
          {"grad_norm", progress.gradient_norm},
          {"ms_per_step", progress.ms_per_step},
          {"tokens_per_second", progress.tokens_per_second}};
}

Json evaluation_json(int64_t step, double epoch, const std::string& split, const metrics::Scores& scores) {
  Json line{{"step", step}, {"epoch", epoch}, {"split", split}};
  for (const auto& score : scores) line[score.name] = score.defined() ? Json(score.value) : Json();
  return line;
}

bool has_line(const Progress& progress, int64_t log_every) {
  return progress.step % log_every == 0 || progress.step == progress.steps;
}

}  // namespace attune::train
