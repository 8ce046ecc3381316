#include "attune/train/checkpoint.h"

#include <algorithm>

#include "attune/base/files.h"
#include "attune/io/safetensors.h"
#include "attune/io/safetensors_writer.h"

namespace attune::train {
namespace {

using nlohmann::json;

constexpr const char* kTensors = "state.safetensors";
constexpr const char* kState = "state.json";

std::vector<optim::StateTensor> all_tensors(const models::Model& model, const optim::Optimizer* optimizer) {
  ATTUNE_CHECK(model.parameters().settled(), "the weights are read while updates of tables wait");
  std::vector<optim::StateTensor> tensors;
  for (const auto& p : model.parameters().all())
    if (p->trainable || p->options.state) tensors.push_back({p->name, p->value});  // the others are as they were opened
  if (optimizer)
    for (auto& state : optimizer->state()) tensors.push_back(std::move(state));
  return tensors;
}

using LossStates = std::vector<std::pair<std::string, losses::ExampleState*>>;

void write_tensors(tensor::Memory& memory, const fs::path& path, const std::vector<optim::StateTensor>& tensors,
                   const LossStates& states = {}) {
  std::vector<io::TensorSpec> specs;
  for (const auto& [name, tensor] : tensors) specs.push_back({name, io::FileDType::f32, {tensor.count()}});
  for (const auto& [name, state] : states) specs.push_back({name, io::FileDType::f32, {std::ssize(state->values())}});
  io::SafetensorsWriter writer(path, std::move(specs), {{"format", "attune"}});
  for (const auto& [name, tensor] : tensors) writer.append_f32(name, tensor::OnHost<float>(memory, tensor).values());
  for (const auto& [name, state] : states) writer.append_f32(name, state->values());
  writer.commit();
}

void read_tensors(tensor::Memory& memory, const fs::path& path, const std::vector<optim::StateTensor>& tensors,
                  const LossStates& states = {}) {
  const io::Safetensors file(path);
  for (const optim::StateTensor& each : tensors)
    tensor::write_from_host<float>(memory, each.tensor,
                                   [&](std::span<float> values) { file.read_f32(each.name, values); });
  for (const auto& [name, state] : states) {
    std::vector<float> values(static_cast<size_t>(file.at(name).elements));
    file.read_f32(name, values);
    state->restore(std::move(values));
  }
}

int64_t step_of(const fs::path& folder) {
  constexpr std::string_view kPrefix = "step-";
  const std::string name = folder.filename().string();
  if (!name.starts_with(kPrefix) || name.size() > kPrefix.size() + 15) return -1;
  const std::string digits = name.substr(kPrefix.size());
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return -1;
  return std::stoll(digits);
}

std::vector<fs::path> checkpoints_of(const fs::path& run) {
  std::vector<fs::path> found;
  if (fs::is_directory(run / "checkpoints"))
    for (const auto& entry : fs::directory_iterator(run / "checkpoints"))
      if (entry.is_directory() && step_of(entry.path()) >= 0) found.push_back(entry.path());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return step_of(a) > step_of(b); });
  return found;
}

void check_identity(const json& had, const json& has, const fs::path& checkpoint) {
  for (const auto& [key, value] : has.items()) {
    const json& old = had.contains(key) ? had[key] : json();
    if (old == value) continue;
    if (value.is_object() && old.is_object())  // files by name, each with its SHA-256
      for (const auto& [file, sum] : value.items())
        if (old.contains(file) && old[file] != sum)
          fail(ErrorKind::usage,
               "cannot resume from {}: {} has changed since it was made. Restore the file, or start a new run in "
               "another --out",
               checkpoint.string(), file);
    fail(ErrorKind::usage,
         "cannot resume from {}: '{}' was {} when it was made and is {} now. Give the old value, or start a new run in "
         "another --out (threads and output options may differ)",
         checkpoint.string(), key, old.dump(), value.dump());
  }
}

// A checkpoint made when training was over has none.
bool has_moments(const json& state) {
  return state.value("moments", true);
}

}  // namespace

json RunState::to_json() const {
  return {{"step", step},
          {"log_bytes", log_bytes},
          {"row_bytes", row_bytes},
          {"loss_sum", loss_sum},
          {"loss_steps", loss_steps},
          {"best", best},
          {"best_step", best_step},
          {"without_better", without_better},
          {"tokens", tokens},
          {"seconds", seconds},
          {"stopped_early", stopped_early},
          {"head_start_seconds", head_start_seconds},
          {"skipped_steps", skipped_steps},
          {"token_budget", token_budget}};
}

RunState RunState::from_json(const json& j) {
  return {.step = j.at("step"),
          .log_bytes = j.at("log_bytes"),
          .row_bytes = j.value("row_bytes", int64_t{0}),
          .loss_sum = j.at("loss_sum"),
          .loss_steps = j.at("loss_steps"),
          .best = j.at("best"),
          .best_step = j.at("best_step"),
          .without_better = j.at("without_better"),
          .tokens = j.at("tokens"),
          .seconds = j.at("seconds"),
          .head_start_seconds = j.at("head_start_seconds"),
          .stopped_early = j.at("stopped_early"),
          .skipped_steps = j.at("skipped_steps"),
          .token_budget = j.at("token_budget")};
}

void save_checkpoint(const fs::path& run, const models::Model& model, const optim::Optimizer* optimizer,
                     const losses::Objective& loss, const RunState& state, const json& identity, int64_t keep) {
  fs::create_directories(run / "checkpoints");
  AtomicFolder folder(run / "checkpoints" / ("step-" + std::to_string(state.step)));
  write_tensors(model.parameters().memory(), folder.path() / kTensors, all_tensors(model, optimizer),
                optimizer ? loss.states() : LossStates());
  write_file_atomically(
      folder.path() / kState,
      json{{"format", 1}, {"moments", optimizer != nullptr}, {"state", state.to_json()}, {"identity", identity}}.dump(
          2) +
          "\n");
  folder.commit();
  const auto all = checkpoints_of(run);
  for (size_t i = static_cast<size_t>(keep); i < all.size(); ++i) fs::remove_all(all[i]);
}

std::optional<fs::path> newest_checkpoint(const fs::path& run) {
  const auto all = checkpoints_of(run);
  return all.empty() ? std::nullopt : std::optional(all.front());
}

void remove_last_checkpoint(const fs::path& run) {
  const auto newest = newest_checkpoint(run);
  if (!newest) return;
  const json state = json::parse(read_file(*newest / kState), nullptr, false);
  if (state.is_object() && !has_moments(state)) fs::remove_all(*newest);
  std::error_code not_empty;
  fs::remove(run / "checkpoints", not_empty);
}

std::string way_on(const fs::path& run) {
  const auto checkpoint = newest_checkpoint(run);
  return checkpoint ? fmt::format("{} is whole: make room, and go on from it by the same command with --resume",
                                  checkpoint->string())
                    : fmt::format(
                          "no checkpoint was written yet: make room, and start anew by the same command with --resume");
}

RunState load_checkpoint(const fs::path& checkpoint, models::Model& model, optim::Optimizer& optimizer,
                         const losses::Objective& loss, const json& identity) {
  const auto remedy = [&] {
    return fmt::format("remove {} to resume from the checkpoint before it", checkpoint.string());
  };
  const json state = json::parse(read_file(checkpoint / kState), nullptr, false);
  if (!state.is_object() || !state.contains("state") || !state.contains("identity"))
    fail(ErrorKind::model, "{} is damaged; {}", (checkpoint / kState).string(), remedy());
  check_identity(state["identity"], identity, checkpoint);
  with_context(remedy, [&] {
    read_tensors(model.parameters().memory(), checkpoint / kTensors,
                 all_tensors(model, has_moments(state) ? &optimizer : nullptr),
                 has_moments(state) ? loss.states() : LossStates());
  });
  model.parameters().refresh_twins();
  try {
    return RunState::from_json(state["state"]);
  } catch (const json::exception& error) {
    fail(ErrorKind::model, "{} is damaged ({}); {}", (checkpoint / kState).string(), error.what(), remedy());
  }
}

void save_best(const fs::path& run, const models::Model& model) {
  fs::create_directories(run / "checkpoints");
  AtomicFolder folder(run / "checkpoints" / "best");
  write_tensors(model.parameters().memory(), folder.path() / kTensors, all_tensors(model, nullptr));
  folder.commit();
}

void load_best(const fs::path& run, models::Model& model) {
  read_tensors(model.parameters().memory(), run / "checkpoints" / "best" / kTensors, all_tensors(model, nullptr));
  model.parameters().refresh_twins();
}

}  // namespace attune::train
