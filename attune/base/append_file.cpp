#include "attune/base/append_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "attune/base/error.h"
#include "attune/base/files.h"

namespace attune {

AppendFile::AppendFile(fs::path path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail(ErrorKind::io, "cannot make the file {}: {}", path_.string(), std::strerror(errno));
}

AppendFile::AppendFile(fs::path path, int64_t bytes)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(ErrorKind::io, "cannot open the file {}: {}", path_.string(), std::strerror(errno));
  const off_t size = ::lseek(descriptor_, 0, SEEK_END);
  if (size < bytes || ::ftruncate(descriptor_, bytes) != 0) {
    const std::string why =
        size < bytes ? fmt::format("it has {} bytes, {} were written", size, bytes) : std::string(std::strerror(errno));
    ::close(descriptor_);
    fail(ErrorKind::io, "cannot go on with {}: {}", path_.string(), why);
  }
}

AppendFile::~AppendFile() {
  ::close(descriptor_);
}

void AppendFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      fail(ErrorKind::io, "cannot write {}: {}{}", path_.string(), std::strerror(errno),
           errno == ENOSPC || errno == EDQUOT ? " (free some space)" : "");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void AppendFile::sync() {
  if (::fsync(descriptor_) != 0) fail(ErrorKind::io, "cannot sync {}: {}", path_.string(), std::strerror(errno));
}

}  // namespace attune
