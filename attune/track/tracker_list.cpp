#include "attune/track/tracker_list.h"

#include "attune/base/error.h"

namespace attune::track {

const char* name(EndState state) {
  switch (state) {
    case EndState::finished:
      return "finished";
    case EndState::interrupted:
      return "interrupted";
    case EndState::failed:
      break;
  }
  return "failed";
}

void TrackerList::begin(RunStart start, const nlohmann::json& remembered) {
  for (const auto& tracker : trackers_) {
    start.remembered = remembered.is_object() ? remembered.value(tracker->name(), nlohmann::json()) : nlohmann::json();
    tracker->begin(start);
  }
}

nlohmann::json TrackerList::remember() const {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& tracker : trackers_) all[tracker->name()] = tracker->remember();
  return all;
}

std::vector<std::string> TrackerList::places() const {
  std::vector<std::string> places;
  for (const auto& tracker : trackers_) places.push_back(tracker->name() + ": " + tracker->place());
  return places;
}

void TrackerList::tell(const std::function<void(Tracker&)>& event) {
  for (size_t i = 0; i < trackers_.size();) {
    try {
      event(*trackers_[i]);
      ++i;
    } catch (const std::exception& error) {
      say_(fmt::format("{} is told nothing more of this run (training goes on): {}", trackers_[i]->name(),
                       error.what()));
      trackers_.erase(trackers_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace attune::track
