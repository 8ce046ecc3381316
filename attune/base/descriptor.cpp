#include "attune/base/descriptor.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune {
namespace {

// "; did you mean 'train.csv'?" from the names that stand where the missing one was looked for.
std::string neighbours(const std::filesystem::path& missing) {
  std::vector<std::string> names;
  const auto parent = missing.has_parent_path() ? missing.parent_path() : std::filesystem::path(".");
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(parent, ignored), end; !ignored && at != end; at.increment(ignored))
    names.push_back(at->path().filename().string());
  return did_you_mean(missing.filename().string(), names);
}

}  // namespace

Descriptor::Descriptor(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ >= 0) return;
  const std::string reason = std::generic_category().message(errno);
  fail(ErrorKind::io, "cannot read {}: {}{}", path.string(), reason, errno == ENOENT ? neighbours(path) : "");
}

Descriptor::~Descriptor() {
  ::close(descriptor_);
}

size_t Descriptor::read(std::span<char> buffer) const {
  for (;;) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    fail(ErrorKind::io, "cannot read {}: {}", path_.string(), std::generic_category().message(errno));
  }
}

}  // namespace attune
