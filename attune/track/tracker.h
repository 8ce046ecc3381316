// What a training run tells of itself, for whoever keeps it: TensorBoard's files, W&B's, a project's database. Nothing
// here knows any of them. Steps are optimizer steps, counted from 1; what belongs to the end carries the last step.
//
// A resumed run goes on after its checkpoint. mark(S) is called before the checkpoint of step S counts on what was told
// so far; a later process begins with `after_step` S and the tracker drops whatever it holds that came after that mark,
// for all of it will be told again, with the same values. after_step 0: everything is dropped.
//
// Every call may fail (io); the run then goes on without that tracker (tracker_list.h).
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attune/metrics/confusion.h"
#include "attune/track/histogram.h"
#include "attune/track/pr_curve.h"

namespace attune::track {

namespace fs = std::filesystem;

struct RunStart {
  std::string name;     // of --out, without its folders
  fs::path out;         // absolute
  std::string version;  // of attune
  std::string task;
  nlohmann::json options;                    // by name, with what `auto` came to
  std::vector<std::string> hyperparameters;  // those options that people compare runs by
  nlohmann::json identity;                   // fingerprints of data files and model
  std::vector<std::string> headline;         // names of the scalars that judge the run: "dev/accuracy"
  int64_t steps = 0;                         // in all
  int64_t after_step = 0;
  nlohmann::json remembered;  // what remember() said when the run began, where it is resumed; else null
};

struct Scalar {
  std::string name;  // "train/loss", "dev/macro_f1"
  double value;      // finite
};

struct NamedHistogram {
  std::string name;  // "gradients/layer_3"
  Histogram histogram;
};

struct NamedPrCurve {
  std::string name;   // "dev/label/spam"
  std::string title;  // in words
  PrCurve curve;
};

struct ConfusionTable {
  std::string name;  // "dev/confusion"
  std::vector<std::string> labels;
  std::vector<metrics::ConfusionCell> cells;
};

enum class EndState { finished, interrupted, failed };
const char* name(EndState state);

struct RunEnd {
  EndState state = EndState::finished;
  std::string error;           // of a failed run: what was said
  int64_t step = 0;            // the last one taken
  double seconds = 0;          // in training steps, those of earlier processes too
  std::vector<Scalar> finals;  // of a finished run: "test/accuracy", ...
};

class Tracker {
 public:
  virtual ~Tracker() = default;
  // In messages: "TensorBoard".
  virtual std::string name() const = 0;
  // Errors: io, usage; the run does not begin then.
  virtual void begin(const RunStart& start) = 0;
  // After begin(): what the tracker must know to go on, kept in the run's folder.
  virtual nlohmann::json remember() const = 0;
  // After begin(): where it is kept and how to look at it, for the user.
  virtual std::string place() const = 0;

  virtual void scalars(int64_t /*step*/, std::span<const Scalar>) {}
  virtual void histograms(int64_t /*step*/, std::span<const NamedHistogram>) {}
  virtual void pr_curves(int64_t /*step*/, std::span<const NamedPrCurve>) {}
  virtual void confusion(int64_t /*step*/, const ConfusionTable&) {}
  virtual void mark(int64_t step) = 0;
  virtual void end(const RunEnd& end) = 0;
};

}  // namespace attune::track
