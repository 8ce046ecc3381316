// `attune tune` as a function: data in, a folder with what to train with out (study_plan.h lists it).
//
// The search goes by tune/halving.h (short complete runs, the best promoted, defaults first, an even share at random),
// its points come from tune/sampler.h, its runs are ordinary `attune train` runs in the project's database. The best of
// those that ran in full is judged against the defaults on rows and seeds that the search never saw.
#pragma once
#include <optional>

#include "attune/study/outcome.h"
#include "attune/study/worker.h"

namespace attune::study {

// Goes on where an earlier call with the same options and data stopped, or beside others that work on it; a finished
// one is only told again, a larger --budget goes on with it. Nothing: stopped. Errors: those of training; usage: a
// space that is empty or wrong, a budget that is too small for one run and the judgement (names what is needed), a
// metric that the task does not have, --out of another study; input: too few rows.
std::optional<Outcome> run_study(StudyOptions options, StudyObserver& observer);

}  // namespace attune::study
