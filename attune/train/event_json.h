// What a run tells while it goes on, as JSON: the lines of `attune train --json`, of the C interface and of
// metrics.jsonl.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "attune/train/observer.h"
#include "attune/train/run.h"

namespace attune::train {

// {"note": text}
nlohmann::ordered_json note_json(const std::string& text);
// {"plan": {steps, tokens, memory_mib, seconds, threads}}
nlohmann::ordered_json plan_json(const RunPlan& plan);
// {step, epoch, loss, lr, grad_norm, ms_per_step, tokens_per_second}
nlohmann::ordered_json progress_json(const Progress& progress);
// {step, epoch, split, one entry a score; null where it is not defined}
nlohmann::ordered_json evaluation_json(int64_t step, double epoch, const std::string& split,
                                       const metrics::Scores& scores);

// True where the step has a line: every `log_every` steps, and the last.
bool has_line(const Progress& progress, int64_t log_every);

}  // namespace attune::train
