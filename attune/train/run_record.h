// What a run leaves in attune.json for whoever judges the model later: fingerprints of its rows, the thresholds of
// automatic routing, and the rungs below the model.
//
//   "splits":  {"test": {"rows": 872, "sha256": "..."}}    by rows_fingerprint; train, dev and test as far as they
//   exist "routing": {"chosen_on": "dev", "precisions": [0.9, 0.95], "overall": [0.71, null], "by_class": {"spam":
//   [..]}}
//              thresholds on the top probability, one a precision; null: none reaches it
//   "ladder":  {"metric": "accuracy", "split": "test", "rows": [{"name", "score", "interval", "seconds", "correct"}]}
//              correct: a 0 or 1 for each row, so that rungs are compared row by row; "" where the task has none
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "attune/report/report.h"
#include "attune/train/split.h"

namespace attune::train {

struct RunRecord {
  bool trained = false;                       // a run of attune's that came to its end
  double seconds = metrics::kUndefined;       // that training took
  std::map<std::string, std::string> splits;  // name -> fingerprint
  std::optional<report::Routing> routing;     // thresholds only
  std::optional<report::Ladder> ladder;       // without the fine-tuned rung

  bool is_split(const std::string& name, const std::string& fingerprint) const {
    const auto found = splits.find(name);
    return found != splits.end() && found->second == fingerprint;
  }
};

// SHA-256 over texts and targets of all rows in order, as they were read: names, formats and columns of files do not
// enter, so equal numbers mean that the same rows are judged.
std::string rows_fingerprint(const data::Dataset& dataset);

// The objects above, to be merged into attune.json. dev and test may be null.
nlohmann::json judgement_record(const report::Report& report, const Split& train, const Split* dev, const Split* test);

// From attune.json as the bundle read it; empty where there is none. Errors (model): the objects are not as above.
RunRecord read_run_record(const tasks::ModelBundle& bundle);

}  // namespace attune::train
