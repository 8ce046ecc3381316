#include "attune/train/metrics_log.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::train {

MetricsLog::MetricsLog(std::filesystem::path path, int64_t keep_bytes) : bytes_(keep_bytes) {
  std::error_code none;
  const bool is_there = std::filesystem::exists(path);
  const auto size = is_there ? static_cast<int64_t>(std::filesystem::file_size(path, none)) : 0;
  if (size < keep_bytes)
    fail(ErrorKind::io,
         "{}: has {} bytes, the checkpoint was made when it had {}; the run's "
         "log is damaged. Remove the newest folder in {} to go on from the checkpoint before it, or start anew with "
         "--overwrite",
         path.string(), size, keep_bytes, (path.parent_path() / "checkpoints").string());
  if (is_there)
    file_.emplace(std::move(path), keep_bytes);
  else
    file_.emplace(std::move(path));
}

void MetricsLog::write(const nlohmann::ordered_json& line) {
  const std::string text = line.dump() + "\n";
  file_->write(text);
  bytes_ += static_cast<int64_t>(text.size());
}

}  // namespace attune::train
