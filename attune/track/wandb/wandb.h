// W&B: an offline run in its own file format, for `wandb sync` whenever the user likes. Nothing here knows a network.
//
//   ROOT/offline-run-YYYYMMDD_HHMMSS-ID/run-ID.wandb   the run's records
//                                       files/media/   pictures
//                                       attune-marks.json   where each checkpoint's records end, for a resumed run
//
// What is told of one step is one record, as W&B has it (what is told of it after a mark goes to the summary alone);
// histograms and the confusion's picture are W&B's own media. Curves of precision and recall are left out: W&B draws
// them from tables. A resumed run goes on in the same file.
#pragma once
#include <memory>
#include <optional>

#include "attune/track/tracker.h"
#include "attune/track/wandb/log_file.h"

namespace attune::track {

namespace wb {
class Record;
}

class Wandb final : public Tracker {
 public:
  // `root`: absolute.
  explicit Wandb(fs::path root);
  ~Wandb() override;
  std::string name() const override { return "W&B"; }
  void begin(const RunStart& start) override;
  nlohmann::json remember() const override;
  std::string place() const override;
  void scalars(int64_t step, std::span<const Scalar> scalars) override;
  void histograms(int64_t step, std::span<const NamedHistogram> histograms) override;
  void confusion(int64_t step, const ConfusionTable& table) override;
  void mark(int64_t step) override;
  void end(const RunEnd& end) override;

 private:
  // Goes on in the remembered folder; false: there is none, or it has no mark of that step.
  bool go_on(const RunStart& start);
  void begin_anew(const RunStart& start);
  fs::path log_path() const;
  void put(int64_t step, const std::string& key, nlohmann::json value);
  void flush();  // the step at hand becomes a record
  void write(wb::Record& record);

  fs::path root_, folder_;
  std::string id_;
  std::unique_ptr<WandbLogFile> log_;
  int64_t records_ = 0;
  double began_ = 0;                                   // seconds since 1970
  int64_t step_ = 0, written_step_ = 0;                // at hand; the last that has its record
  nlohmann::json at_hand_ = nlohmann::json::object();  // told of step_
  nlohmann::json marks_ = nlohmann::json::object();    // step -> {"bytes", "records"}
};

}  // namespace attune::track
