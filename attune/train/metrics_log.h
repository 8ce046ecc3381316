// metrics.jsonl: one JSON object a line, appended while the run goes on; cut back to a checkpoint on resume.
#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "attune/base/append_file.h"

namespace attune::train {

class MetricsLog {
 public:
  // Keeps the first `keep_bytes` of an existing file and drops the rest. Errors: io (it has fewer: says what to do).
  MetricsLog(std::filesystem::path path, int64_t keep_bytes);

  // Appends a line and hands it to the system. Errors: io (disk full).
  void write(const nlohmann::ordered_json& line);
  // Onto the disk, before a checkpoint counts on it. Errors: io.
  void sync() { file_->sync(); }
  int64_t bytes() const { return bytes_; }

 private:
  std::optional<AppendFile> file_;
  int64_t bytes_ = 0;
};

}  // namespace attune::train
