#include "attune/tasks/pairs.h"

#include "attune/base/error.h"

namespace attune::tasks {

std::optional<bool> pairs_of(const Task& task, const data::Dataset& dataset) {
  if (task.kind == TaskKind::tag || task.kind == TaskKind::embed || dataset.examples.empty()) return std::nullopt;
  const data::Examples& examples = dataset.examples;
  const bool first = examples.view(0).has_pair;
  for (size_t row = 1; row < examples.size(); ++row)
    if (examples.view(row).has_pair != first) return std::nullopt;
  return first;
}

void check_pair(const ModelBundle& bundle, bool is_pair, const std::function<std::string()>& place) {
  if (!bundle.pairs || *bundle.pairs == is_pair) return;
  if (is_pair)
    fail(ErrorKind::usage,
         "{}: this row is a pair of texts, but {} was trained on single ones; say which column to read: --text COLUMN",
         place(), bundle.source.string());
  fail(ErrorKind::usage,
       "{}: this row is a single text, but {} was trained on pairs; the data needs two columns of texts (CSV, TSV or "
       "JSONL), named by --text COLUMN --text-pair COLUMN",
       place(), bundle.source.string());
}

void check_pairs(const ModelBundle& bundle, const data::Dataset& dataset) {
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    const data::ExampleView row = dataset.examples.view(i);
    check_pair(bundle, row.has_pair, [&] { return dataset.describe(row.origin); });
  }
}

std::string pairs_note(const ModelBundle& bundle, bool pairs) {
  if (bundle.pairs || bundle.task->kind == TaskKind::tag || bundle.task->kind == TaskKind::embed) return "";
  return fmt::format("{} does not say whether it was trained on pairs of texts; rows are read as {}",
                     bundle.source.string(), pairs ? "pairs" : "single texts");
}

}  // namespace attune::tasks
