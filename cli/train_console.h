// What `attune train` shows while it goes on: a live bar on a terminal, plain lines elsewhere, JSON lines with --json.
#pragma once
#include <atomic>
#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "attune/train/observer.h"

namespace attune::cli {

class TrainConsole final : public train::Observer {
 public:
  // `interrupted` asks the run to stop; it outlives this object.
  TrainConsole(bool json, int64_t log_every, const std::atomic<bool>& interrupted);

  void note(const std::string& text) override;
  void data_report(const std::string& text) override;
  void planned(const train::RunPlan& plan) override;
  void progressed(const train::Progress& progress) override;
  void evaluated(int64_t step, double epoch, const std::string& split, const metrics::Scores& scores,
                 bool best) override;
  bool stop_requested() override { return interrupted_; }

 private:
  void say(const nlohmann::ordered_json& line, const std::string& text);
  void draw(const train::Progress& progress, const std::string& text);

  bool json_, live_, open_line_ = false;
  int64_t log_every_;
  const std::atomic<bool>& interrupted_;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace attune::cli
