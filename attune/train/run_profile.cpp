#include "attune/train/run_profile.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/base/files.h"
#include "attune/train/checkpoint.h"

namespace attune::train {
namespace {

// As StepProfiler::trace() begins, or empty.
bool is_trace(const fs::path& file) {
  constexpr std::string_view kBeginning = "[\n{\"name\":\"step ";
  std::ifstream in(file, std::ios::binary);
  std::string text(kBeginning.size(), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text.empty() || text == kBeginning;
}

// Its path from --out, if it lies in there.
std::optional<fs::path> within_out(const TrainOptions& options) {
  // Absolute first: where no part of a path exists yet it would stay relative.
  const auto whole = [](const std::string& path) { return fs::weakly_canonical(fs::absolute(path)); };
  const fs::path inside = whole(options.profile_trace).lexically_relative(whole(options.out));
  return inside.empty() || *inside.begin() == ".." ? std::nullopt : std::optional(inside);
}

void check_folder(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!fs::is_directory(folder))
    fail(ErrorKind::usage, "--profile-trace {}: there is no folder {}; make it first, or name another file",
         file.string(), folder.string());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail(ErrorKind::usage, "--profile-trace {}: the folder {} may not be written to; name another file", file.string(),
         folder.string());
}

}  // namespace

bool wants_profile(const TrainOptions& options) {
  return options.profile || !options.profile_trace.empty();
}

void check_profile_trace(const TrainOptions& options) {
  if (options.profile_trace.empty()) return;
  const fs::path file = options.profile_trace;
  if (const auto inside = within_out(options)) {
    if (inside->has_parent_path() || !file.string().ends_with("trace.json"))
      fail(ErrorKind::usage,
           "--profile-trace {} lies in the run's own folder, where it might take the place of one of its files; end "
           "its name in trace.json, right under {}, or name a file elsewhere",
           file.string(), options.out);
  } else {
    check_folder(file);
  }
  if (fs::is_directory(file)) fail(ErrorKind::usage, "--profile-trace {} is a folder; name a file", file.string());
  if (fs::exists(file) && (!fs::is_regular_file(file) || !is_trace(file)))
    fail(ErrorKind::usage,
         "--profile-trace {} exists and is not a trace of attune's, so it is not replaced; name another file",
         file.string());
}

report::Profile write_profile(const TrainOptions& options, const StepProfiler& profiler) {
  report::Profile profile = profiler.profile();
  if (profile.steps == 0) return profile;
  with_context([&] { return way_on(options.out); },
               [&] {
                 write_file_atomically(fs::path(options.out) / "profile.json", report::to_json(profile).dump(2) + "\n");
                 if (!options.profile_trace.empty()) write_file_atomically(options.profile_trace, profiler.trace());
               });
  return profile;
}

}  // namespace attune::train
