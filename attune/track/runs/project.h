// The tracker that keeps runs in a project's database (run_store.h): scalars by step, the final ones, how it ended.
#pragma once
#include "attune/track/runs/run_store.h"

namespace attune::track {

class Project final : public Tracker {
 public:
  // Opens the database, makes it where it is missing. `folder`: absolute. Errors: io.
  explicit Project(const fs::path& folder);
  std::string name() const override { return "project"; }
  void begin(const RunStart& start) override;
  nlohmann::json remember() const override;
  std::string place() const override;
  void scalars(int64_t step, std::span<const Scalar> scalars) override;
  void mark(int64_t step) override;
  void end(const RunEnd& end) override;

 private:
  fs::path folder_;
  RunStore store_;
  int64_t run_ = 0;
};

}  // namespace attune::track
