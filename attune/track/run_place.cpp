#include "attune/track/run_place.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "attune/base/error.h"

namespace attune::track {

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    fail(ErrorKind::io, "cannot make the folder {}: {}; name one that may be written to", folder.string(),
         error.message());
}

void check_writable(const fs::path& folder) {
  make_folder(folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail(ErrorKind::io, "cannot write into the folder {}: {}; name one that may be written to", folder.string(),
         std::strerror(errno));
}

fs::path claim_run_folder(const fs::path& root, const std::string& name) {
  make_folder(root);
  for (int number = 1;; ++number) {
    const fs::path folder = root / (number == 1 ? name : fmt::format("{}-{}", name, number));
    std::error_code error;
    if (fs::create_directory(folder, error)) return folder;
    if (error && !fs::exists(folder))
      fail(ErrorKind::io, "cannot make the folder {}: {}; name one that may be written to", folder.string(),
           error.message());
  }
}

fs::path remembered_folder(const RunStart& start, const fs::path& root) {
  if (!start.remembered.is_object()) return {};
  const fs::path folder = start.remembered.value("folder", "");
  std::error_code none;
  return !folder.empty() && folder.parent_path() == root && fs::is_directory(folder, none) ? folder : fs::path();
}

}  // namespace attune::track
