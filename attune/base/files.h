// Files: read whole or mapped, written so that a reader sees the old content or the new one and never half of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace attune {

namespace fs = std::filesystem;

// The whole file as bytes. Errors: io, with the path and the system's reason (missing: the nearest name beside it; a
// folder; not permitted).
std::string read_file(const fs::path& path);

// What a file is known by without being read: device, inode, size, times of its content's and its entry's last change.
// Another file in its place, or other content, has another one. Errors: io (missing).
std::string file_identity(const fs::path& path);

// Writes beside (`path` + ".tmp-PID"), syncs, renames, syncs the folder. On any failure (disk full included) the
// temporary file is removed, the old file stays, and an io error names path and reason.
void write_file_atomically(const fs::path& path, std::string_view bytes);

// The same, piece by piece: write() what comes, then commit(). Without commit() the destructor removes what was
// written, and the old file stays.
class AtomicFile {
 public:
  explicit AtomicFile(fs::path final_path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);
  // At a place of its own, whatever was written before; does not move where write() goes on.
  void write_at(uint64_t offset, std::span<const std::byte> bytes);
  void commit();

 private:
  [[noreturn]] void fail_to_write();
  fs::path final_, temporary_;
  int descriptor_ = -1;
};

// A read-only memory map. Empty files map to an empty span.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  // Whoever has read `part`, of bytes(), gives its memory back; reading it again fetches it again.
  void release(std::span<const std::byte> part) const;

 private:
  const void* data_ = nullptr;
  size_t size_ = 0;
};

// A folder that appears whole or not at all: fill `path()`, then commit(). commit() syncs every file and gives the
// folder its final name; an existing one is exchanged for it in one step and then removed (where the file system
// cannot exchange, it is moved aside first). Without commit() the destructor removes what was written.
class AtomicFolder {
 public:
  explicit AtomicFolder(fs::path final_path);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  const fs::path& path() const { return temporary_; }
  void commit();

 private:
  fs::path final_, temporary_;
  bool committed_ = false;
};

// Flushes a file or folder to the disk. Errors: io.
void sync_path(const fs::path& path);

// SHA-256, bit by bit; hex() ends it.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// SHA-256 in lower-case hex.
std::string sha256_hex(std::string_view bytes);
std::string sha256_file(const fs::path& path);

}  // namespace attune
