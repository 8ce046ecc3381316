#include "attune/base/scratch_file.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "attune/base/descriptor.h"
#include "attune/base/error.h"

namespace attune {
namespace {

namespace fs = std::filesystem;

// Without a name from the beginning where the file system can do that, else unlinked at once; -1 and errno.
int open_nameless(const fs::path& folder) {
  const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return nameless;
  std::string name = (folder / ".attune-scratch-XXXXXX").string();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

ScratchFile::ScratchFile(fs::path folder) : folder_(std::move(folder)), descriptor_(open_nameless(folder_)) {
  if (descriptor_ < 0)
    fail(ErrorKind::io, "cannot make a temporary file in {}: {}; is the folder there, and may it be written to?",
         folder_.string(), reason_of(errno));
}

ScratchFile::~ScratchFile() {
  unmap();
  ::close(descriptor_);
}

void ScratchFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const int code = errno;
      std::error_code unknown;
      const auto space = fs::space(folder_, unknown);
      fail(ErrorKind::io, "cannot write a temporary file in {}: {}{}", folder_.string(), reason_of(code),
           code != ENOSPC && code != EDQUOT ? ""
           : unknown                        ? fmt::format(" ({} bytes were written)", size_)
                     : fmt::format(" ({} bytes were written, {} bytes are free)", size_, space.available));
    }
    size_ += static_cast<size_t>(wrote);
    bytes = bytes.subspan(static_cast<size_t>(wrote));
  }
}

std::span<const std::byte> ScratchFile::map() {
  if (mapped_ == size_) return mapped();
  unmap();
  void* data = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor_, 0);
  if (data == MAP_FAILED)
    fail(ErrorKind::io, "cannot map a temporary file in {} ({} bytes) into memory: {}", folder_.string(), size_,
         reason_of(errno));
  data_ = data, mapped_ = size_;
  return mapped();
}

void ScratchFile::let_go() const {
  if (data_ != nullptr) ::madvise(const_cast<void*>(data_), mapped_, MADV_DONTNEED);
}

void ScratchFile::unmap() {
  if (data_ != nullptr) ::munmap(const_cast<void*>(data_), mapped_);
  data_ = nullptr, mapped_ = 0;
}

fs::path scratch_folder_for(const fs::path& path) {
  std::error_code none;
  fs::path folder = fs::absolute(path.empty() ? fs::path(".") : path, none).lexically_normal();
  while (!fs::is_directory(folder, none) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

fs::path system_scratch_folder() {
  const char* chosen = std::getenv("TMPDIR");
  for (const char* folder : {chosen, "/var/tmp"})
    if (folder != nullptr && *folder != 0 && ::access(folder, W_OK | X_OK) == 0) return folder;
  return {};
}

}  // namespace attune
