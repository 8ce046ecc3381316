// A study in the project's database (track/runs/run_store.h keeps its runs there too): what was decided and what came
// of it. Any number of processes may work on one study at once: each decision is one transaction.
//
//   studies         (id, folder, plan): one a folder; the plan says of what options and data it is
//   study_trials    (study, trial, arm, point as JSON; "" for defaults that lie outside the space)
//   study_runs      a row a run, by (study, purpose, trial, stage): state, process, times, value, curve, facts
//   study_sessions  (study, process, began, heard): when a process worked on it
//   study_notes     (study, name, value): what is decided once, as who is judged
//
// The study's time is that in which at least one process worked on it: what was killed for a night has spent none of
// its budget. Each process says every second that it works. A run whose process is gone is taken out, and will be
// decided on again; so is one whose process cannot be seen from here (another machine, boot or container) and was not
// heard for two minutes.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "attune/tune/halving.h"
#include "attune/tune/median_rule.h"
#include "attune/tune/point.h"

namespace attune::track {
class Database;
}

namespace attune::study {

namespace fs = std::filesystem;

enum class Purpose { search, verdict, final_model };

// What a run is.
struct Assignment {
  Purpose purpose = Purpose::search;
  int64_t trial = 0;
  int stage = 0;     // the rung; of a verdict the block; of the final model 0
  double share = 1;  // of a full run
  tune::Why why = tune::Why::fresh;
  tune::Arm arm = tune::Arm::sampled;
  std::optional<tune::Point> point = {};  // none: the defaults, outside the space
};

struct StudyRun {
  int64_t id = 0;
  Assignment assignment;
  tune::RunState state = tune::RunState::running;
  double began = 0, seconds = 0;     // of the study's time; of the clock
  std::optional<double> value = {};  // to maximise
  tune::Curve curve = {};            // on the rows that are looked on at
  nlohmann::json facts = nullptr;    // {"latency_ms": 3.1, "bytes": 22713216}
  std::string failure = {};
};

inline constexpr auto kLookAgain = std::chrono::milliseconds(300);  // between two looks at what others do

inline constexpr const char* kFinalist = "finalist";           // a note: who is judged
inline constexpr const char* kTimeOver = "the time was over";  // a failure: of a run that was stopped for it

struct History {
  double now = 0;  // seconds that the study has taken
  std::vector<StudyRun> runs;
  // Every trial that was ever decided on, those too whose runs were interrupted; none: the defaults, outside the space.
  std::map<int64_t, std::optional<tune::Point>> points = {};
  bool finalist_stands = false;  // it is decided who is judged: the search is over
};

// [[progress, value], ...]; values that are not there are null.
nlohmann::json curve_to_json(const tune::Curve& curve);
tune::Curve curve_from_json(const nlohmann::json& points);

class StudyStore {
 public:
  // Makes the study, or finds it, and works on it from `began` on (seconds since 1970). `plan`: equal texts are the
  // same study. Errors: io; usage: the folder holds a study of another plan (unless `overwrite`, which forgets it).
  static StudyStore open(const fs::path& project, const fs::path& folder, const std::string& plan, bool overwrite,
                         double began);
  StudyStore(StudyStore&&) noexcept;
  ~StudyStore();

  // In one transaction: forgets runs whose process is gone, shows what is known, and keeps what `decide` wants run,
  // if anything, as running in this process.
  std::optional<StudyRun> claim(const std::function<std::optional<Assignment>(const History&)>& decide);
  History history();
  double now();

  void put_curve(int64_t run, const tune::Curve& curve);
  // Ends a run: finished, failed or stopped.
  void end(const StudyRun& run);
  // It was interrupted: it will be decided on again.
  void release(int64_t run);

  // Verdict and search runs that were stopped because the time was over, where there is more of it now.
  void forget_late_runs();

  // What is decided once: the first value that anybody gives it.
  nlohmann::json once(const std::string& name, const std::function<nlohmann::json(const History&)>& decide);
  nlohmann::json noted(const std::string& name);  // null: nothing
  void note(const std::string& name, const nlohmann::json& value);
  void forget(const std::string& name);

 private:
  class Heartbeat;
  StudyStore(std::unique_ptr<track::Database> database, int64_t study);
  double now_unlocked();
  void forget_the_gone();
  History read();

  std::unique_ptr<track::Database> database_;
  std::unique_ptr<Heartbeat> heartbeat_;
  int64_t study_ = 0, session_ = 0;
};

}  // namespace attune::study
