// What a study found, whole: trials, the verdict on the best of them, what mattered, what to train with. Its text, page
// and study.json are made from this and nothing else.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attune/selection/choice.h"
#include "attune/study/study_plan.h"
#include "attune/tune/importance.h"
#include "attune/tune/pareto.h"

namespace attune::study {

struct RunLine {
  std::string name;  // of its folder in runs/
  int64_t trial = 0;
  Purpose purpose = Purpose::search;
  int stage = 0;
  double share = 1;
  tune::RunState state = tune::RunState::running;
  std::optional<double> value = {};  // the metric's own
  double began = 0, seconds = 0;
  std::string failure = {};
};

struct TrialLine {
  int64_t number = 0;
  tune::Arm arm = tune::Arm::sampled;
  std::string changes;  // from the defaults: "lr-times 2.4, batch-size 32"
  std::optional<tune::Point> point = {};
  std::vector<RunLine> runs;         // of the search, short ones first
  std::optional<double> value = {};  // of the longest that finished
  double share = 0;                  // of that run; 0: none finished
  double seconds = 0;                // of all its runs
  std::optional<double> latency_ms = {}, bytes = {};
  bool keeps_limits = true;  // as far as they were measured

  bool ran_in_full() const { return value && share == 1; }
};

// How it stands, for whoever looks on: trials as they rank (longer runs first, then by value).
struct Standings {
  std::string metric;
  double now = 0, budget = 0;  // seconds
  std::vector<TrialLine> trials;
  std::vector<RunLine> running, verdict;
};
Standings standings_of(const StudyPlan& plan, const History& history);

struct Outcome {
  // `judged` holds what the verdict's text and page read: metric, worth, level, files, the judgement itself.
  selection::Choice judged;
  std::string model, task, metric;
  double budget = 0, seconds = 0;
  int64_t pool_rows = 0;
  RowCounts search = {}, verdict = {};
  std::vector<std::pair<std::string, std::string>> space;  // name, domain
  std::map<std::string, std::string> defaults;
  std::vector<TrialLine> trials;  // as they rank
  std::vector<RunLine> verdict_runs;
  std::optional<int64_t> finalist;
  bool finalist_taken = false, finalist_proven = false;
  std::map<std::string, std::string> chosen = {};  // options as `attune train` takes them, of what was searched
  std::string chosen_text = {};                    // "lr 0.00012, batch-size 32"; "the defaults"
  tune::Importance importance;
  std::vector<tune::Standing> pareto = {};  // of trials that ran in full, where more than the metric counts
  std::optional<double> max_latency_ms = {}, max_bytes = {};
  std::string sentence = {};
  std::vector<std::string> notes = {};

  struct Test {
    std::string file;
    int64_t rows = 0;
    double value = 0;
    std::optional<metrics::Interval> interval = {};
  };
  std::optional<Test> test = {};
  std::string final_model = {};  // folder; empty: none was asked for
};

}  // namespace attune::study
