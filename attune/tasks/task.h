// What a target is, which head, which losses, which metrics: one row a task. This is the one place where data, model
// and loss meet.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "attune/data/example.h"
#include "attune/losses/loss_list.h"
#include "attune/models/head.h"

namespace attune::tasks {

enum class TaskKind { classify, multilabel, regress, tag, embed };

struct Task {
  TaskKind kind;
  const char* name;         // on the command line and in attune.json
  data::TargetKind data;    // what the readers look for
  losses::TargetKind loss;  // which losses fit
  models::HeadKind head;
  const char* problem_type;  // Hugging Face's config key; "" for tagging and embedding
  const char* architecture;  // Hugging Face's class
  const char* summary;
};

const std::vector<Task>& task_list();
// Errors (usage): unknown name; suggests the nearest.
const Task& task_named(std::string_view name);

// The rows of an embedding task, as losses know them.
losses::TextRows text_rows(data::TextShape shape);

// What the task's head means in a Hugging Face folder that attune did not write: by architecture, problem_type and the
// number of labels (as transformers infers it). Errors (model): an encoder without a task head.
const Task& task_of_config(const std::string& architecture, const std::string& problem_type, int64_t outputs,
                           const std::string& where);

}  // namespace attune::tasks
