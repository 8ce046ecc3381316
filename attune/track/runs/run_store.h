// The runs of a project: one SQLite file, attune-runs.sqlite, in the project's folder. Any number of processes may
// write and read it at once, on a local disk (SQLite's write-ahead log does not work over network file systems).
//
//   runs     a row a run: name, folder, state, process, version, task, times, options and fingerprints as JSON
//   points   (run, name, step) -> value: what was told by step
//   finals   (run, name) -> value: what the model that is kept reached
//
// A run whose process is gone without having said how it ended is `interrupted`: by the process where it can be seen
// from here, else an hour after it was last heard of.
#pragma once
#include <map>
#include <memory>

#include "attune/track/tracker.h"

namespace attune::track {

class Database;

inline constexpr const char* kRunsFile = "attune-runs.sqlite";

struct StoredRun {
  int64_t id = 0;
  std::string name, out, state, error, task, version;
  nlohmann::json options, identity;
  std::vector<std::string> headline;
  double started = 0, heard = 0, ended = 0;  // seconds since 1970; ended 0: not yet
  double seconds = 0;                        // in training steps
  int64_t steps = 0, step = 0;               // in all, taken
  std::map<std::string, double> finals;      // "test/accuracy"
};

struct Curve {
  std::vector<double> steps, values;
};

class RunStore {
 public:
  // Errors: io; usage (make_new false: there is none in that folder).
  static RunStore open(const fs::path& project, bool make_new);
  RunStore(RunStore&&) noexcept;
  ~RunStore();
  const fs::path& file() const;

  // A new run, running in this process; its number.
  int64_t add(const RunStart& start);
  // The same run goes on in this process: what was told after start.after_step goes. False: there is no such run.
  bool go_on(int64_t run, const RunStart& start);
  void put(int64_t run, int64_t step, std::span<const Scalar> scalars);
  // What was put is on the disk.
  void sync(int64_t run);
  void end(int64_t run, const RunEnd& end);

  // By number.
  std::vector<StoredRun> runs() const;
  // By number or name. Errors (usage): none of that name (the nearest are named), more than one.
  StoredRun find(const std::string& run) const;
  std::map<std::string, Curve> curves(int64_t run) const;

 private:
  explicit RunStore(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace attune::track
