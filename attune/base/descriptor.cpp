#include "attune/base/descriptor.h"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune {

std::string reason_of(int code) {
  return std::generic_category().message(code);
}

Descriptor::Descriptor(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ >= 0) return;
  const std::string reason = reason_of(errno);
  fail(ErrorKind::io, "cannot read {}: {}{}", path.string(), reason, errno == ENOENT ? did_you_mean_beside(path) : "");
}

Descriptor::~Descriptor() {
  ::close(descriptor_);
}

size_t Descriptor::read(std::span<char> buffer) const {
  for (;;) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    fail(ErrorKind::io, "cannot read {}: {}", path_.string(), reason_of(errno));
  }
}

}  // namespace attune
