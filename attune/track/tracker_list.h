// The trackers of a run, told one after another. One that fails after the run began is left out from then on, and the
// user is told why: a full disk beside a training is no reason to lose it.
#pragma once
#include <functional>
#include <memory>

#include "attune/track/tracker.h"

namespace attune::track {

class TrackerList {
 public:
  using Say = std::function<void(const std::string&)>;
  // `say` hears one line for each tracker that had to be left out.
  explicit TrackerList(Say say) : say_(std::move(say)) {}

  void add(std::unique_ptr<Tracker> tracker) { trackers_.push_back(std::move(tracker)); }
  bool empty() const { return trackers_.empty(); }
  // `remembered` by the tracker's name. Errors: those of the trackers.
  void begin(RunStart start, const nlohmann::json& remembered);
  nlohmann::json remember() const;
  std::vector<std::string> places() const;
  // Never fails.
  void tell(const std::function<void(Tracker&)>& event);

 private:
  Say say_;
  std::vector<std::unique_ptr<Tracker>> trackers_;
};

}  // namespace attune::track
