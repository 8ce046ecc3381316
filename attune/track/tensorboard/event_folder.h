// The event files of one run. Every process that works on the run opens a file of its own, whose name sorts behind
// those that are there.
//
// What a resumed run tells again goes in two ways at once: the older files are cut behind the mark of the checkpoint's
// step (a CHECKPOINT session event), so that nothing stands there twice, and the new file says that a session starts at
// the step after it (a START session event), by which a TensorBoard that is looking on forgets what it has read beyond.
#pragma once
#include <filesystem>
#include <memory>
#include <string_view>

#include "attune/base/append_file.h"
#include "attune/track/wall_time.h"

namespace attune::track {

namespace events {
class Event;
}

class EventFolder {
 public:
  // after_step 0 removes the event files that are there; else those files keep what was told up to mark(after_step),
  // or, where no such mark stands (the run was not tracked then), what belongs to steps up to it. Errors: io; a file
  // that is damaged before the mark.
  EventFolder(const std::filesystem::path& folder, int64_t after_step);

  // Stamps the event with the time and appends it.
  void write(events::Event& event);
  // Says that a checkpoint of this step counts on what was written, and has it on the disk.
  void mark(int64_t step);
  void sync() { file_->sync(); }
  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<AppendFile> file_;
};

}  // namespace attune::track
