#include "attune/selection/test_score.h"

#include "attune/metrics/catalog.h"
#include "attune/selection/answers.h"
#include "attune/tasks/task.h"
#include "attune/train/run_judgement.h"

namespace attune::selection {

metrics::Score test_score(const report::Split& split, const train::TrainOptions& run, const std::string& metric) {
  const metrics::Score* told = split.scores.find(metric);
  if (told || !metrics::has_arguments(metric)) return told ? *told : metrics::Score{};
  const std::string answers = train::predictions_file(run, "test").string();
  return {.name = metric,
          .value = value_of(compare::read_predictions(answers, tasks::task_named(run.task).data), metric)};
}

}  // namespace attune::selection
