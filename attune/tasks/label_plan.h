// Which labels a model has, and which rows of its last layer they keep.
#pragma once
#include <string>
#include <vector>

#include "attune/io/model_folder.h"
#include "attune/tasks/folder_weights.h"
#include "attune/tasks/model_bundle.h"

namespace attune::tasks {

// "config.json" of the folder, for messages.
std::string config_file(const io::ModelFolder& folder);

// Task of a folder with a head: attune's own record, else as Hugging Face's config has it. Errors (model): a head that
// is no task's.
const Task& task_of_folder(const io::ModelFolder& folder, const nlohmann::json& record, int64_t outputs);

// id2label as an ordered list; empty where the config has none. Errors (model): numbers that are not 0, 1, ..., a name
// that is no text.
std::vector<std::string> config_labels(const io::ModelFolder& folder);

// A folder's last layer as training may take it up.
struct ContinuedHead {
  bool usable = false;              // of the same task
  std::vector<std::string> labels;  // empty for regression
};
ContinuedHead continued_head(const io::ModelFolder& folder, const nlohmann::json& record, const Task& task,
                             const FolderWeights& weights);

struct LabelPlan {
  data::Labels labels;
  std::vector<int64_t> old_output;  // see models::LoadOptions
  std::vector<std::string> notes;
};
LabelPlan plan_labels(const TrainingModelOptions& options, const ContinuedHead& continued);

}  // namespace attune::tasks
