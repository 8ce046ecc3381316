#include "attune/track/run_place.h"

#include "attune/base/error.h"
#include "attune/track/append_file.h"

namespace attune::track {

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
