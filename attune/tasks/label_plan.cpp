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

// id2label as an ordered list; empty where the config has none.
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

std::string list_of(const data::Labels& labels) {
  constexpr int kMost = 6;
  std::string text;
  for (int i = 0; i < std::min(kMost, labels.size()); ++i) text += (i ? ", " : "") + labels.name(i);
  return labels.size() > kMost ? text + ", ..." : text;
}

// Labels for outputs whose names are made up.
LabelPlan plan_for_made_up(const TrainingModelOptions& options, const ContinuedHead& continued) {
  LabelPlan plan;
  const auto is_number = [&](const auto& label) { return continued.labels.find_by_number(label) >= 0; };
  if (!options.labels_file.empty()) {
    plan.labels = data::Labels::from_file(options.labels_file);
  } else if (std::all_of(options.data_labels.begin(), options.data_labels.end(), is_number)) {
    std::vector<std::string> numbers;
    for (int64_t i = 0; i < continued.outputs; ++i) numbers.push_back(std::to_string(i));
    plan.labels = data::Labels(std::move(numbers));
  } else {
    plan.labels = data::Labels(options.data_labels);
  }
  plan.keeps_head = plan.labels.size() == continued.outputs;
  plan.notes.push_back(
      plan.keeps_head
          ? fmt::format("the model's labels have made-up names (LABEL_0, ...): its last layer is kept, and its outputs "
                        "in order are now called {}; --new-head starts it anew",
                        list_of(plan.labels))
          : fmt::format(
                "the model's {} labels have made-up names (LABEL_0, ...), the data has {}: the last layer is new",
                continued.outputs, plan.labels.size()));
  return plan;
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

data::Labels names_of_outputs(const io::ModelFolder& folder, const json& record, int64_t outputs) {
  std::vector<std::string> names = config_labels(folder);
  if (names.empty()) return data::Labels::made_up(static_cast<int>(outputs));
  if (!has_own_link(record) && static_cast<int64_t>(names.size()) != outputs)
    fail(ErrorKind::model, "{}: id2label names {} labels, the last layer has {} outputs", config_file(folder),
         names.size(), outputs);
  return data::Labels(std::move(names), config_file(folder));
}

ContinuedHead continued_head(const io::ModelFolder& folder, const json& record, const Task& task,
                             const FolderWeights& weights) {
  const auto outputs = weights.outputs();
  if (!outputs) return {};
  if (!recorded_task(record) && first_architecture(folder.config()) != task.architecture) return {};
  if (task_of_folder(folder, record, *outputs).kind != task.kind) return {};
  const bool regress = task.kind == TaskKind::regress;
  return {.usable = true,
          .outputs = *outputs,
          .own_link = has_own_link(record),
          .cosine = recorded_cosine(record) > 0,
          .labels = regress ? data::Labels() : names_of_outputs(folder, record, *outputs)};
}

LabelPlan plan_labels(const TrainingModelOptions& options, const ContinuedHead& continued) {
  LabelPlan plan;
  if (!options.labels_file.empty() && options.task->kind == TaskKind::embed)
    fail(ErrorKind::usage, "--labels numbers a last layer's outputs; '{}' has none: leave it out", options.task->name);
  if (!continued.usable) {
    plan.labels =
        options.labels_file.empty() ? data::Labels(options.data_labels) : data::Labels::from_file(options.labels_file);
    return plan;
  }
  if (continued.labels.size() == 0) {
    plan.keeps_head = continued.outputs == 1 || continued.own_link;
    if (plan.keeps_head) plan.notes.push_back("the model's last layer is kept; --new-head starts it anew");
    return plan;
  }
  const auto is_known = [&](const auto& label) { return continued.labels.find(label) >= 0; };
  if (continued.labels.is_made_up() && std::none_of(options.data_labels.begin(), options.data_labels.end(), is_known))
    return plan_for_made_up(options, continued);
  plan.keeps_head = true;
  std::vector<std::string> names = continued.labels.names();
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

void part_from_other_link(LabelPlan& plan, const ContinuedHead& continued, const losses::Objective& loss,
                          const std::string& old_link) {
  if (!plan.keeps_head || (!continued.own_link && !loss.link())) return;
  plan.old_output.clear();  // rows are not labels
  const bool same = continued.own_link && loss.link() && old_link == loss.link_name();
  if (same && plan.labels.size() == continued.labels.size()) return;
  plan.keeps_head = false;
  plan.notes = {same ? fmt::format("{} labels came to the model's own: the last layer is new, for the loss '{}' reads "
                                   "it as a whole",
                                   plan.labels.size() - continued.labels.size(), loss.text())
                     : fmt::format("the last layer is new: the loss '{}' reads it in another way than {}", loss.text(),
                                   old_link.empty() ? "the old one" : "'" + old_link + "'")};
}

void part_from_other_head(LabelPlan& plan, const ContinuedHead& continued, const losses::Objective& loss) {
  const bool cosine = loss.cosine_head() > 0;
  if (!plan.keeps_head || continued.cosine == cosine) return;
  plan.keeps_head = false;
  plan.old_output.clear();
  plan.notes = {fmt::format("the last layer is new: the loss '{}' has {}, the model's own is {}", loss.text(),
                            cosine ? "one of cosines" : "an ordinary one",
                            cosine ? "an ordinary one" : "one of cosines")};
}

}  // namespace attune::tasks
