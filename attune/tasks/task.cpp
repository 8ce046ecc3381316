#include "attune/tasks/task.h"

#include <fmt/ranges.h>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::tasks {

const std::vector<Task>& task_list() {
  using data::TargetKind;
  using models::HeadKind;
  static const std::vector<Task> list{
      {TaskKind::classify, "classify", TargetKind::label, losses::TargetKind::classes, HeadKind::sequence,
       "single_label_classification", "BertForSequenceClassification", "one label a text"},
      {TaskKind::multilabel, "multilabel", TargetKind::labels, losses::TargetKind::labels, HeadKind::sequence,
       "multi_label_classification", "BertForSequenceClassification", "any number of labels a text"},
      {TaskKind::regress, "regress", TargetKind::score, losses::TargetKind::scores, HeadKind::sequence, "regression",
       "BertForSequenceClassification", "a number a text"},
      {TaskKind::tag, "tag", TargetKind::tags, losses::TargetKind::classes, HeadKind::token, "",
       "BertForTokenClassification", "a label a word"},
      {TaskKind::embed, "embed", TargetKind::texts, losses::TargetKind::embeddings, HeadKind::vector, "", "BertModel",
       "a vector a text: search, similarity"},
  };
  return list;
}

const Task& task_named(std::string_view name) {
  std::vector<std::string> names;
  for (const Task& task : task_list()) {
    if (name == task.name) return task;
    names.emplace_back(task.name);
  }
  fail(ErrorKind::usage, "unknown task '{}'; known: {}{}", name, fmt::join(names, ", "), did_you_mean(name, names));
}

losses::TextRows text_rows(data::TextShape shape) {
  switch (shape) {
    case data::TextShape::none:
      return losses::TextRows::none;
    case data::TextShape::pairs:
      return losses::TextRows::pairs;
    case data::TextShape::scored:
      return losses::TextRows::scored;
    case data::TextShape::labelled:
      return losses::TextRows::labelled;
  }
  return losses::TextRows::none;
}

const Task& task_of_config(const std::string& architecture, const std::string& problem_type, int64_t outputs,
                           const std::string& where) {
  if (architecture == "BertForTokenClassification") return task_named("tag");
  if (architecture != "BertForSequenceClassification")
    fail(ErrorKind::model,
         "{}: the architecture is '{}', which has no task head that attune can evaluate; expected "
         "BertForSequenceClassification or "
         "BertForTokenClassification, or a folder that `attune train` wrote",
         where, architecture);
  for (const Task& task : task_list())
    if (!problem_type.empty() && problem_type == task.problem_type) return task;
  return task_named(outputs == 1 ? "regress" : "classify");
}

}  // namespace attune::tasks
