#include "attune/train/metrics_log.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/base/error.h"

namespace attune::train {

MetricsLog::MetricsLog(std::filesystem::path path, int64_t keep_bytes) : path_(std::move(path)), bytes_(keep_bytes) {
  std::error_code none;
  const auto size = std::filesystem::exists(path_) ? static_cast<int64_t>(std::filesystem::file_size(path_, none)) : 0;
  if (size < keep_bytes)
    fail(ErrorKind::io,
         "{}: has {} bytes, the checkpoint was made when it had {}; the run's "
         "log is damaged. Remove the newest folder in {} to go on from the checkpoint before it, or start anew with "
         "--overwrite",
         path_.string(), size, keep_bytes, (path_.parent_path() / "checkpoints").string());
  if (size > keep_bytes) std::filesystem::resize_file(path_, static_cast<uintmax_t>(keep_bytes));
  file_ = std::fopen(path_.c_str(), "ab");
  if (!file_) fail(ErrorKind::io, "cannot open {} for writing: {}", path_.string(), std::strerror(errno));
}

MetricsLog::~MetricsLog() {
  if (file_) std::fclose(file_);
}

void MetricsLog::write(const nlohmann::ordered_json& line) {
  const std::string text = line.dump() + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size() || std::fflush(file_) != 0)
    fail(ErrorKind::io, "cannot write {}: {}{}", path_.string(), std::strerror(errno),
         errno == ENOSPC || errno == EDQUOT ? " (free some space)" : "");
  bytes_ += static_cast<int64_t>(text.size());
}

void MetricsLog::sync() {
  if (::fsync(::fileno(file_)) != 0) fail(ErrorKind::io, "cannot sync {}: {}", path_.string(), std::strerror(errno));
}

}  // namespace attune::train
