// TensorBoard: a folder a run below one folder for all, which `tensorboard --logdir` opens.
//
// Scalars, histograms, the picture of the confusion (PNG), curves of precision and recall (plugin pr_curves), and
// hyper-parameters with the metrics that judge the run (plugin hparams: what there is to compare, a session's start
// with its values, and its end).
#pragma once
#include "attune/track/tensorboard/event_folder.h"
#include "attune/track/tracker.h"

namespace attune::track {

class TensorBoard final : public Tracker {
 public:
  // `root`: absolute.
  explicit TensorBoard(fs::path root) : root_(std::move(root)) {}
  std::string name() const override { return "TensorBoard"; }
  void begin(const RunStart& start) override;
  nlohmann::json remember() const override;
  std::string place() const override;
  void scalars(int64_t step, std::span<const Scalar> scalars) override;
  void histograms(int64_t step, std::span<const NamedHistogram> histograms) override;
  void pr_curves(int64_t step, std::span<const NamedPrCurve> curves) override;
  void confusion(int64_t step, const ConfusionTable& table) override;
  void mark(int64_t step) override;
  void end(const RunEnd& end) override;

 private:
  fs::path root_;
  std::unique_ptr<EventFolder> folder_;
};

}  // namespace attune::track
