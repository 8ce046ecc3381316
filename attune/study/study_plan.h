// What a study is made with, before any run, and its folder:
//
//   plan.json                    options, space, files' fingerprints, how many rows do what
//   labels.txt, parts/           labels in order; which rows learn, are looked on at, and judge (train::parts_text):
//                                search.txt, verdict.txt, and search-full.txt for full runs, which answer both's rows
//   jobs/NAME.json               a run's options: `attune train --config jobs/NAME.json --out DIR` is that run
//   runs/NAME/                   its folder, without a model: reports, predictions
//   study.json, report.txt, report.html, train.json     what was found
//
// Rows are divided as selection/divide.h has it, into rows that judge the search and rows that judge the verdict, and
// no run of the search learns from the latter or is judged by them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "attune/metrics/catalog.h"
#include "attune/selection/pool.h"
#include "attune/study/store.h"
#include "attune/study/study_space.h"

namespace attune::study {

struct RowCounts {
  int64_t learns = 0, looked_on = 0, judges = 0;
  nlohmann::json to_json() const { return {{"learn", learns}, {"looked_on", looked_on}, {"judge", judges}}; }
};

struct StudyPlan {
  StudyOptions options;
  std::string metric;
  StudySpace space;
  std::vector<std::string> labels = {};
  std::vector<std::string> files = {};
  std::string fingerprint = {};  // of files and model
  int64_t pool_rows = 0;
  RowCounts search = {}, verdict = {};
  int processes = 1;                     // that are known to work on it at once
  std::vector<bool> judges_search = {};  // of the rows that a full run of the search answers; else: the verdict

  const RowCounts& rows(Purpose purpose) const { return purpose == Purpose::search ? search : verdict; }
  fs::path folder() const { return options.train.out; }
  // 1 where more of the metric is better, else -1: what the search sees of a value is that many times the metric's own.
  double sign() const { return metrics::metric_info(metric).better == metrics::Better::higher ? 1 : -1; }
  // What makes it this study and no other; budgets and what is only shown do not.
  std::string text() const;
};

// Two divisions: of the search and of the verdict.
std::vector<selection::Division> divide_rows(const selection::Pool& pool, const StudyOptions& options,
                                             const tasks::Task& task);

StudyPlan plan_of(const StudyOptions& options, const std::string& metric, const selection::Pool& pool,
                  const std::vector<selection::Division>& divisions);

// Errors (usage): a file; a folder that is not empty and no study's. With --overwrite what a study left goes, and
// nothing else.
void check_study_folder(const StudyPlan& plan);
// plan.json, which says whose the folder is, then labels.txt and parts/: each where it does not stand already, so that
// processes that begin at once do not mind each other.
void write_plan(const StudyPlan& plan, const std::vector<selection::Division>& divisions);

// Whether it is a run of the search that answers the verdict's rows too: a full one.
inline bool answers_all_rows(const Assignment& assignment) {
  return assignment.purpose == Purpose::search && assignment.share == 1;
}

// The run's name ("trial-007-rung-1", "verdict-2-trial-007") and its options, complete.
std::string run_name(const Assignment& assignment);
train::TrainOptions options_of(const StudyPlan& plan, const Assignment& assignment);

}  // namespace attune::study
