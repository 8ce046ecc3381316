#include "attune/track/tensorboard/event_folder.h"

#include <algorithm>
#include <optional>
#include <unistd.h>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/track/tensorboard/records.h"

#include "tensorboard/events.pb.h"

namespace attune::track {
namespace {

constexpr std::string_view kMark = "events.out.tfevents.";

std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(kMark)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

struct Cut {
  size_t file, bytes;
};

// What the files say of where `step` ended.
struct Ends {
  std::optional<Cut> mark;    // behind the last mark of this step
  std::optional<Cut> beyond;  // before the first event of a later one
  std::optional<Cut> torn;    // before a record that was never written whole: the disk was full, the power failed
  std::optional<Cut> damage;  // before the first one that cannot be read
};

Ends ends_of(const std::vector<fs::path>& files, int64_t step) {
  Ends ends;
  for (size_t f = 0; f < files.size(); ++f) {
    const std::string content = read_file(files[f]);
    size_t begin = 0;
    const size_t end = read_records(content, [&](std::string_view record, size_t behind) {
      events::Event event;
      const bool read = event.ParseFromArray(record.data(), static_cast<int>(record.size()));
      const bool is_mark = read && event.has_session() && event.session().status() == events::Session::CHECKPOINT;
      if (is_mark && event.step() == step) ends.mark = {f, behind};
      if (read && event.step() > step && !ends.beyond && !event.has_session()) ends.beyond = {f, begin};
      begin = behind;
    });
    if (end == content.size()) continue;
    auto& open = is_cut_off(std::string_view(content).substr(end)) ? ends.torn : ends.damage;
    if (!open) open = {f, end};
  }
  return ends;
}

void cut_back(const std::vector<fs::path>& files, int64_t step) {
  if (step == 0) {
    for (const fs::path& file : files) fs::remove(file);
    return;
  }
  const Ends ends = ends_of(files, step);
  if (!ends.mark && ends.damage)
    fail(ErrorKind::io,
         "{}: damaged after {} bytes, and what was told up to step {} cannot be found; remove the file, or leave "
         "--tensorboard out",
         files[ends.damage->file].string(), ends.damage->bytes, step);
  const std::optional<Cut> cut = ends.mark ? ends.mark : ends.beyond ? ends.beyond : ends.torn;
  if (!cut) return;
  fs::resize_file(files[cut->file], cut->bytes);
  for (size_t f = cut->file + 1; f < files.size(); ++f) fs::remove(files[f]);
}

int64_t seconds_in(const fs::path& file) {
  return std::atoll(file.filename().string().substr(kMark.size()).c_str());
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 && name[0] != 0 ? name : "localhost";
}

}  // namespace

EventFolder::EventFolder(const fs::path& folder, int64_t after_step) : folder_(folder) {
  cut_back(event_files(folder), after_step);
  const std::vector<fs::path> left = event_files(folder);
  auto second = static_cast<int64_t>(wall_time());
  if (!left.empty()) second = std::max(second, seconds_in(left.back()) + 1);
  file_ = std::make_unique<AppendFile>(folder /
                                       fmt::format("{}{:010}.{}.{}.0.attune", kMark, second, host_name(), ::getpid()));
  events::Event version;
  version.set_file_version("brain.Event:2");
  write(version);
  if (after_step == 0) return;
  events::Event session;
  session.set_step(after_step + 1);
  session.mutable_session()->set_status(events::Session::START);
  write(session);
}

void EventFolder::write(events::Event& event) {
  event.set_wall_time(wall_time());
  file_->write(framed(event.SerializeAsString()));
}

void EventFolder::mark(int64_t step) {
  events::Event event;
  event.set_step(step);
  event.mutable_session()->set_status(events::Session::CHECKPOINT);
  write(event);
  file_->sync();
}

}  // namespace attune::track
