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

// Names of the last layer's outputs, in order: id2label's, or where the config has none (Hugging Face leaves them out
// for two) the made-up ones LABEL_0, LABEL_1, ... Errors (model): numbers that are not 0, 1, ..., a name that is no
// text, another number of names than `outputs` (unless attune.json says that the head is not one output a label).
data::Labels names_of_outputs(const io::ModelFolder& folder, const nlohmann::json& record, int64_t outputs);

// A folder's last layer as training may take it up.
struct ContinuedHead {
  bool usable = false;  // it is of the same task
  int64_t outputs = 0;
  bool own_link = false;  // its outputs are not one logit a label
  bool cosine = false;    // its outputs are cosines
  data::Labels labels;    // empty for regression
};
ContinuedHead continued_head(const io::ModelFolder& folder, const nlohmann::json& record, const Task& task,
                             const FolderWeights& weights);

struct LabelPlan {
  data::Labels labels;
  bool keeps_head = false;          // the folder's last layer goes on, or rows of it
  std::vector<int64_t> old_output;  // see models::LoadOptions
  std::vector<std::string> notes;
};
// Names that mean something stay, in order, and new ones go behind them. Made-up ones give way: to the labels file's
// and the data's own in their order, or to 0, 1, ... where the data's labels are numbers of the outputs. The notes say
// whether the last layer is kept.
LabelPlan plan_labels(const TrainingModelOptions& options, const ContinuedHead& continued);

// A last layer serves only losses that read it in the same way: where `loss` does not, or where the layer is not one
// output a label and labels came to it, the plan keeps none of it and says so. `old_link`: the folder's
// (recorded_link).
void part_from_other_link(LabelPlan& plan, const ContinuedHead& continued, const losses::Objective& loss,
                          const std::string& old_link);
// Nor does a last layer of cosines go on as a plain one, or a plain one as cosines. (Another scale is no hindrance.)
void part_from_other_head(LabelPlan& plan, const ContinuedHead& continued, const losses::Objective& loss);

}  // namespace attune::tasks
