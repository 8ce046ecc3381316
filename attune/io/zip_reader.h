// Reading zip archives (Python wheels are such), from a file or from memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attune::io {

class ZipReader {
 public:
  // Errors: io where the file cannot be read or is no zip archive.
  explicit ZipReader(const std::filesystem::path& path);
  // `bytes` must outlive the reader.
  ZipReader(std::span<const std::byte> bytes, std::string where);
  ~ZipReader();
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  // Names of all entries, in the archive's order.
  std::vector<std::string> names() const;
  bool has(std::string_view name) const;

  // The entry whole. Errors (io): no such entry (suggests), damaged, larger than `most` bytes.
  std::string read(std::string_view name, uint64_t most = 1ULL << 28) const;
  // The entry into a file, in constant memory.
  void extract(std::string_view name, const std::filesystem::path& to, uint64_t most = 1ULL << 34) const;

 private:
  template <class Take>
  void stream(std::string_view name, uint64_t most, Take take) const;

  struct Archive;
  std::string where_;
  std::unique_ptr<Archive> archive_;
};

}  // namespace attune::io
