// A file descriptor that closes itself. For the .cpp files that talk to the system.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace attune {

// What the system says of an errno.
std::string reason_of(int code);

class Descriptor {
 public:
  // Opens `path` for reading. Errors: io, as for read_file.
  explicit Descriptor(const std::filesystem::path& path);
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

  // Reads up to buffer.size() bytes; 0 only at the end of the file. Errors: io.
  size_t read(std::span<char> buffer) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace attune
