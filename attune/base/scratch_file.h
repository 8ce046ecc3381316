// A file that nobody sees: it has no name (a kill leaves nothing behind), is appended to, and is read through a map.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace attune {

class ScratchFile {
 public:
  // In `folder`, which exists. Errors (io): it cannot be written to, its disk has no room, no map.
  explicit ScratchFile(std::filesystem::path folder);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void append(std::span<const std::byte> bytes);
  // All that was appended. Older maps are not valid any more.
  std::span<const std::byte> map();
  // What map() last gave. Pages of it are the page cache's: the system takes them back when it needs memory.
  std::span<const std::byte> mapped() const { return {static_cast<const std::byte*>(data_), mapped_}; }
  // Lets go of the pages that were read: they count no more as this process's memory, and come back when they are read.
  void let_go() const;

 private:
  void unmap();

  std::filesystem::path folder_;
  int descriptor_ = -1;
  const void* data_ = nullptr;
  size_t mapped_ = 0, size_ = 0;
};

// Where the scratch files of whoever writes `path` should lie: the nearest folder above it that exists. The current
// one for an empty path.
std::filesystem::path scratch_folder_for(const std::filesystem::path& path);

// The system's place for large temporary files that is no memory: $TMPDIR, else /var/tmp; empty where neither can be
// written to.
std::filesystem::path system_scratch_folder();

}  // namespace attune
