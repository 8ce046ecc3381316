// What a study found, whole: trials, the verdict on the best of them, what mattered, what to train with. Its text, page
// and study.json are made from this and nothing else.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attune/selection/choice.h"
#include "attune/study/answers.h"
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
  std::vector<RunLine> runs;            // of the search, short ones first
  std::optional<double> value = {};     // of the longest that finished, in `precision`
  double share = 0;                     // of that run; 0: none finished
  double seconds = 0;                   // of all its runs
  std::vector<Answering> answers = {};  // where there are limits: of the full run, in each precision
  std::string precision = {};           // of them the best within the limits, whose value it is; "": as trained
  bool keeps_limits = true;

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

// Who is judged, and how it answers.
struct Finalist {
  int64_t trial = 0;
  std::string precision = {};  // "": as trained
};

// A trial in a precision, among all that could be served.
struct Offer {
  int64_t trial = 0;
  Answering answering;
  bool keeps_limits = true;
  bool on_front = false;  // nothing is as good in all that counts, and better in one
};

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
  std::optional<Finalist> finalist;
  bool finalist_taken = false, finalist_proven = false;
  bool new_seeds = true;  // of the judgement; false: models of the search itself answered rows that it never saw
  bool defaults_keep_limits = true;
  std::string defaults_failure = {};               // why their full run came to nothing; empty: it did not
  std::string defaults_precision = {};             // that they answer in, where there are limits
  std::map<std::string, std::string> chosen = {};  // options as `attune train` takes them, of what was searched
  std::string chosen_text = {};                    // "lr 0.00012, batch-size 32"; "the defaults"
  tune::Importance importance;
  Limits limits = {};
  std::vector<Offer> offers = {};  // where there are limits: as they stand, those that keep them first
  std::string sentence = {};
  std::vector<std::string> notes = {};

  const char* judged_on() const {
    return new_seeds ? "rows and seeds that the search never saw" : "rows that the search never saw";
  }

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
