#include "attune/study/judging_rows.h"

#include "attune/base/error.h"
#include "attune/study/answers.h"
#include "attune/tasks/task.h"
#include "attune/train/run_judgement.h"

namespace attune::study {

compare::PredictionFile answers_on(const StudyPlan& plan, const Assignment& run, Purpose of,
                                   const std::string& precision) {
  const train::TrainOptions options = options_of(plan, run);
  const fs::path path =
      precision.empty() ? train::predictions_file(options, "test") : answers_file(options.out, precision);
  auto answers = compare::read_predictions(path.string(), tasks::task_named(options.task).data);
  if (!answers_all_rows(run)) {
    ATTUNE_CHECK(run.purpose == of, "{} has no answers of the other rows", run_name(run));
    return answers;
  }
  if (answers.rows.size() != plan.judges_search.size())
    fail(ErrorKind::input, "{}: {} answers where {} rows are asked; give --overwrite to begin the study anew",
         path.string(), answers.rows.size(), plan.judges_search.size());
  std::vector<compare::PredictionRow> rows;
  for (size_t i = 0; i < answers.rows.size(); ++i)
    if (plan.judges_search[i] == (of == Purpose::search)) rows.push_back(std::move(answers.rows[i]));
  answers.rows = std::move(rows);
  return answers;
}

}  // namespace attune::study
