// Everything a run needs to go on as if it had never stopped: weights, moments and what the loss remembers of rows bit
// for bit, the step, the position in the log, and what early stopping has seen. The order of rows and every random draw
// follow from seed and step, so they need no state.
//
// A checkpoint is a folder checkpoints/step-N that appears whole or not at all: state.safetensors (f32) and state.json.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "attune/losses/objective.h"
#include "attune/models/model.h"
#include "attune/optim/optimizer.h"

namespace attune::train {

namespace fs = std::filesystem;

struct RunState {
  int64_t step = 0;       // optimizer steps taken
  int64_t log_bytes = 0;  // of metrics.jsonl
  int64_t row_bytes = 0;  // of per_example.jsonl
  double loss_sum = 0;    // since the last log line
  int64_t loss_steps = 0;
  double best = 0;  // value of the best metric; meaningful if best_step >= 0
  int64_t best_step = -1;
  int64_t without_better = 0;  // evaluations since
  int64_t tokens = 0;          // trained on so far
  double seconds = 0;          // in training steps so far
  double head_start_seconds = 0;
  bool stopped_early = false;
  int64_t skipped_steps = 0;  // that had no item to learn from
  int64_t token_budget = 0;   // of a micro-batch: it decides how sums are rounded

  nlohmann::json to_json() const;
  static RunState from_json(const nlohmann::json& json);
};

// Writes checkpoints/step-N under `run`, then removes all but the `keep` newest. `identity`: what a resumed run must
// agree with. `optimizer`: null once training is over; the moments are left out then, and the loss's state.
void save_checkpoint(const fs::path& run, const models::Model& model, const optim::Optimizer* optimizer,
                     const losses::Objective& loss, const RunState& state, const nlohmann::json& identity,
                     int64_t keep);

// The newest complete checkpoint of a run, or nothing.
std::optional<fs::path> newest_checkpoint(const fs::path& run);

// Removes the checkpoint that was made when training was over: the run's folder itself is that state by now.
void remove_last_checkpoint(const fs::path& run);

// After a write that failed: from where `run` goes on, and how. One line.
std::string way_on(const fs::path& run);

// Errors (usage): `identity` differs from the checkpoint's: names the first differing field, its values, and the
// remedy. Errors (model, io): a damaged checkpoint.
RunState load_checkpoint(const fs::path& checkpoint, models::Model& model, optim::Optimizer& optimizer,
                         const losses::Objective& loss, const nlohmann::json& identity);

// Weights alone, for the best state so far: checkpoints/best.
void save_best(const fs::path& run, const models::Model& model);
void load_best(const fs::path& run, models::Model& model);

}  // namespace attune::train
