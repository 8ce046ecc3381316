// A file that grows while a run goes on; what was written is with the system at once, on the disk after sync().
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace attune {

class AppendFile {
 public:
  // A new file. Errors: io (it exists, the folder may not be written).
  explicit AppendFile(std::filesystem::path path);
  // One that is there: keeps its first `bytes`, drops the rest and goes on behind them. Errors: io (it has fewer).
  AppendFile(std::filesystem::path path, int64_t bytes);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Errors: io (disk full).
  void write(std::string_view bytes);
  void sync();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace attune
