// Whose rows a run's answers are on. A full run of the search answers the verdict's rows beside its own: nothing of the
// search is chosen by them, and where the budget has no room for runs of the verdict, they judge.
#pragma once
#include <string>

#include "attune/compare/prediction_file.h"
#include "attune/study/study_plan.h"

namespace attune::study {

// What the run answered on the rows that judge `of`, in a precision of answers.h; "": as it was trained. A run of the
// search that is no full one, or of the verdict, has answers on its own rows alone. Errors: io, input.
compare::PredictionFile answers_on(const StudyPlan& plan, const Assignment& run, Purpose of,
                                   const std::string& precision = "");

}  // namespace attune::study
