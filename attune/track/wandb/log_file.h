// The frame of a W&B run's file: a head of 7 bytes (":W&B", 0xBEE1 as u16, 0 as u8), then blocks of 32,768 bytes, the
// head counting to the first. A record is cut into pieces that do not cross blocks, each behind
//   CRC-32 (zlib's) of the kind and the piece u32, length u16, kind u8 (1 whole, 2 first, 3 middle, 4 last);
//   little-endian.
// A block's last bytes, where no such head fits, are zero.
#pragma once
#include <memory>

#include "attune/base/append_file.h"

namespace attune::track {

class WandbLogFile {
 public:
  // A new file. Errors: io.
  explicit WandbLogFile(const std::filesystem::path& path);
  // Goes on behind the first `bytes` of one, and drops the rest. Errors: io (it has fewer).
  WandbLogFile(const std::filesystem::path& path, int64_t bytes);

  void write(std::string_view record);
  void sync() { file_.sync(); }
  int64_t bytes() const { return bytes_; }

 private:
  AppendFile file_;
  int64_t bytes_ = 0;
};

}  // namespace attune::track
