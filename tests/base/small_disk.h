// A file system of 64 kB, so that it can be full. Needs the right to mount; a test skips where mounted() is false.
#pragma once
#include <filesystem>
#include <sys/mount.h>

namespace attune::test {

class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& where) : where_(where) {
    std::filesystem::create_directories(where);
    mounted_ = ::mount("tmpfs", where.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(where_.c_str());
  }
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path where_;
  bool mounted_;
};

}  // namespace attune::test
