#include "attune/tasks/label_plan.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/tasks/model_record.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

std::string first_architecture(const json& config) {
  if (config.contains("architectures") && config["architectures"].is_array() && !config["architectures"].empty() &&
      config["architectures"][0].is_string())
    return config["architectures"][0].get<std::string>();
  return "";
}

std::string text_field(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

// "LABEL_0", "LABEL_1": names that Hugging Face makes up; they say nothing.
bool made_up(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != "LABEL_" + std::to_string(i)) return false;
  return true;
}

}  // namespace

std::string config_file(const io::ModelFolder& folder) {
  return (folder.path() / "config.json").string();
}

const Task& task_of_folder(const io::ModelFolder& folder, const json& record, int64_t outputs) {
  if (const auto own = recorded_task(record)) return task_named(*own);
  return task_of_config(first_architecture(folder.config()), text_field(folder.config(), "problem_type"), outputs,
                        config_file(folder));
}

std::vector<std::string> config_labels(const io::ModelFolder& folder) {
  const json& config = folder.config();
  if (!config.contains("id2label") || !config["id2label"].is_object()) return {};
  std::vector<std::string> names(config["id2label"].size());
  std::vector<bool> seen(names.size(), false);
  for (const auto& [key, value] : config["id2label"].items()) {
    size_t id = names.size();
    const bool number = !key.empty() &&
                        std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                        key.size() < 8;
    if (number) id = std::stoul(key);
    if (id >= names.size() || seen[id] || !value.is_string())
      fail(ErrorKind::model, "{}: id2label must number its {} labels 0, 1, ... and name each; found \"{}\": {}",
           config_file(folder), names.size(), key, value.dump());
    seen[id] = true;
    names[id] = value.get<std::string>();
  }
  return names;
}

ContinuedHead continued_head(const io::ModelFolder& folder, const json& record, const Task& task,
                             const FolderWeights& weights) {
  const auto outputs = weights.outputs();
  if (!outputs) return {};
  if (!recorded_task(record) && first_architecture(folder.config()) != task.architecture) return {};
  if (task_of_folder(folder, record, *outputs).kind != task.kind) return {};
  return {.usable = true, .labels = config_labels(folder)};
}

LabelPlan plan_labels(const TrainingModelOptions& options, const ContinuedHead& continued) {
  LabelPlan plan;
  const bool keep = continued.usable && !options.new_head && !continued.labels.empty() && !made_up(continued.labels);
  if (!keep) {
    plan.labels =
        options.labels_file.empty() ? data::Labels(options.data_labels) : data::Labels::from_file(options.labels_file);
    return plan;
  }
  std::vector<std::string> names = continued.labels;
  const size_t old = names.size();
  for (const auto& label : options.data_labels)
    if (std::find(names.begin(), names.end(), label) == names.end()) names.push_back(label);
  for (size_t i = 0; i < names.size(); ++i) plan.old_output.push_back(i < old ? static_cast<int64_t>(i) : -1);
  plan.notes.push_back(
      names.size() == old
          ? fmt::format("the model's own {} labels are kept in their order", old)
          : fmt::format("the model's own {} labels keep their rows; {} new ones are added", old, names.size() - old));
  plan.labels = data::Labels(std::move(names), "the model's labels and the data's");
  return plan;
}

}  // namespace attune::tasks
