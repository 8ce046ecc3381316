// What `attune select-loss` found, whole: measured, ruled out, raced, judged, chosen. Its text, page and verdict.json
// are made from this and nothing else, and this from the runs' predictions and nothing else: --replay makes it again.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attune/compare/blocks.h"
#include "attune/selection/profile.h"
#include "attune/selection/rules.h"

namespace attune::selection {

// One run of the race or of the verdict.
struct RunFigures {
  std::string name;  // of its folder in runs/
  std::string loss;
  std::string purpose;  // "plain", "race", "verdict 2"
  double rate = 0;      // peak learning rate
  double epochs = 0;
  uint64_t seed = 0;
  double plain = 0, corrected = 0;  // the metric on its judge rows, before and after corrections
  std::string correction = {};      // "cut +0.35", "" where none helps
  double seconds = 0;               // of training
  bool failed = false;              // one answer for every row, or stopped by an error: counted, never averaged away
  std::string failure = {};
};

// A line of the race: an arm against the plain loss, on the race's rows, both corrected.
struct RaceLine {
  std::string arm;     // "focal(gamma=2)", "cross_entropy at twice the rate"
  bool upper = false;  // trained the upper layers alone
  double value = 0;
  double difference = 0, low = 0, high = 0;  // more is better; by rows alone: a run's luck is not in it
  double shrunk = 0;                         // difference * w^2 / (w^2 + V)
  bool finalist = false, failed = false;
  double rate_times = 1;  // of the user's learning rate
};

// What one side answers better, class by class.
struct ClassChange {
  std::string label;
  int64_t rows = 0;
  double first = 0, second = 0;  // recall (classes), F1 (labels, entity types)
};

// A row that the two sides answer differently, one right and one wrong.
struct ChangedRow {
  std::string place;  // "train.csv line 812"
  std::string gold = {}, first = {}, second = {};
  int64_t blocks = 1;  // in how many runs
};

// One question answered: is `first` better than `second`?
struct Judgement {
  std::string first, second;  // "cross_entropy with corrections", "cross_entropy"
  bool same_runs = false;     // the same trained models answered in two ways
  compare::Comparison seen = {};
  compare::Verdict verdict = {};
  std::vector<ClassChange> classes = {};  // those that changed most
  std::vector<ChangedRow> changed = {};   // the first few
  int64_t gained = 0, lost = 0;           // rows, over all runs
};

// What comes next, and what it could show.
struct Outlook {
  std::string what;  // "a race of 6 losses (--budget 8)"
  double runs = 0;   // plain runs
  double seconds = 0;
  double visible = 0;    // smallest difference that it would see in 4 of 5 cases, in the metric's unit
  double undecided = 0;  // chance to end undecided where the true difference is `worth`
};

struct Choice {
  std::string model, task, metric, plain_loss;
  std::vector<std::string> files;  // that were read
  double worth = 0, level = 0.95;  // in the metric's unit
  double budget = 1;               // plain runs
  bool strict = false;
  int64_t pool_rows = 0, train_rows = 0, judge_rows = 0;  // of a block
  std::string plan;                                       // one line: candidates, runs, time, visible effect

  Profile profile;
  std::vector<Ruling> rulings;
  std::vector<RunFigures> runs;
  std::vector<RaceLine> race;
  std::vector<Judgement> judgements;  // corrections first, then finalists against the plain loss
  std::optional<Outlook> outlook;

  // What to take.
  std::string loss;              // as --loss takes it
  double rate_times = 1;         // of the user's learning rate
  bool loss_is_proven = false;   // a verdict chose it; else it is the plain one
  bool corrections_pay = false;  // a verdict says so
  // They pay; or, without --strict, they lead where nothing is decided: they cost nothing, so the likelier side is
  // taken.
  bool corrections_taken = false;
  std::string correction;  // "a cut of the second class at 0.38", of the last block; "" none
  std::string sentence;    // the honest sentence that opens every page
  double seconds = 0;      // that all runs took
  std::vector<std::string> notes;

  // The split that was kept for the end, reported and never used.
  struct Test {
    std::string file;
    int64_t rows = 0;
    double plain = 0, chosen = 0;
    std::optional<metrics::Interval> interval;
  };
  std::optional<Test> test;
};

}  // namespace attune::selection
