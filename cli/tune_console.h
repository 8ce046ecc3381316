// What `attune tune` shows while it goes on: on a terminal a table of the best trials that is drawn over, elsewhere a
// line for each run that has ended.
#pragma once
#include <atomic>
#include <chrono>
#include <set>
#include <string>

#include "attune/study/worker.h"

namespace attune::cli {

class TuneConsole final : public study::StudyObserver {
 public:
  // `interrupted` asks the study to stop; it outlives this object.
  explicit TuneConsole(const std::atomic<bool>& interrupted);

  void note(const std::string& text) override;
  void stands(const study::Standings& standings) override;
  void progressed(const train::Progress& progress) override;
  bool stop_requested() override { return interrupted_; }
  // Leaves the table as it stands.
  void close();

 private:
  void draw(const std::string& running);
  void clear();
  void say_ended(const study::Standings& standings);

  bool live_;
  const std::atomic<bool>& interrupted_;
  std::string table_, running_;
  int lines_ = 0;  // of the table that stands on the terminal
  std::set<std::string> said_;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace attune::cli
