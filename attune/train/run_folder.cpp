#include "attune/train/run_folder.h"

#include <algorithm>
#include <fstream>
#include <sys/stat.h>

#include "attune/base/files.h"
#include "attune/io/fingerprint.h"

namespace attune::train {
namespace {

using nlohmann::json;
bool is_finished(const fs::path& out) {
  if (!fs::exists(out / "attune.json")) return false;
  const json record = json::parse(read_file(out / "attune.json"), nullptr, false);
  return record.is_object() && record.contains("run");
}

// What a process that was killed while writing left beside its file or folder (see base/files.h).
bool is_leftover(const fs::path& path) {
  constexpr std::string_view kMark = ".tmp-";
  const std::string name = path.filename().string();
  const size_t mark = name.rfind(kMark);
  return mark != name.npos && name.find_first_not_of("0123456789", mark + kMark.size()) == name.npos;
}

// Nothing in it, or a run that was killed before its first file had its name.
bool is_blank(const fs::path& folder) {
  const fs::directory_iterator entries(folder);
  return std::all_of(begin(entries), end(entries), [](const auto& entry) {
    return is_leftover(entry.path()) && entry.path().filename().string().starts_with(kConfigFile);
  });
}

void remove_leftovers(const fs::path& folder) {
  if (!fs::is_directory(folder)) return;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder))
    if (is_leftover(entry.path())) leftovers.push_back(entry.path());
  for (const auto& path : leftovers) fs::remove_all(path);
}

constexpr const char* kReplaced = "replaced-run";

// What stands in a run's folder, the file that makes it a run last: whenever emptying it is cut short, the rest can
// still be overwritten.
std::vector<fs::path> entries_of_run(const fs::path& out) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(out))
    if (entry.path().filename() != kConfigFile && entry.path().filename() != kReplaced) paths.push_back(entry.path());
  if (fs::exists(out / kConfigFile)) paths.push_back(out / kConfigFile);
  return paths;
}

// A finished run moves aside; an unfinished one goes, and what it was to replace stays where it is.
void clear_for_another(const fs::path& out) {
  const fs::path aside = out / kReplaced;
  const bool moving_was_cut_short = fs::exists(aside) && !fs::exists(aside / kConfigFile);
  const bool keep = moving_was_cut_short || is_finished(out);
  if (keep && !moving_was_cut_short) fs::remove_all(aside);
  if (keep) fs::create_directory(aside);
  for (const auto& path : entries_of_run(out))
    keep ? fs::rename(path, aside / path.filename()) : (void)fs::remove_all(path);
}

// --overwrite empties the folder before it is filled: what the run reads must not lie in it.
void check_nothing_read_is_replaced(const TrainOptions& options) {
  const fs::path out = fs::weakly_canonical(options.out);
  std::vector<std::string> read = options.train;
  read.insert(read.end(), {options.model, options.dev, options.test, options.labels, options.parts});
  for (const auto& file : read) {
    std::error_code none;
    if (file.empty() || !fs::exists(file, none)) continue;
    const fs::path whole = fs::canonical(file, none);
    if (none) continue;  // a pipe lies in no folder
    if (std::mismatch(out.begin(), out.end(), whole.begin(), whole.end()).first == out.end())
      fail(ErrorKind::usage, "--overwrite would remove {} before it is read: it lies in --out {}; name another folder",
           file, options.out);
  }
}

}  // namespace

bool check_run_folder(const TrainOptions& options) {
  const fs::path out = options.out;
  if (options.resume && options.overwrite) fail(ErrorKind::usage, "--resume and --overwrite contradict each other");
  if (fs::exists(out) && !fs::is_directory(out))
    fail(ErrorKind::usage, "--out {} is a file; name a folder", out.string());
  if (fs::exists(out) && !is_blank(out)) {
    const bool run = fs::exists(out / kConfigFile);
    if (!options.resume && !options.overwrite)
      fail(ErrorKind::usage, "--out {} exists; give --overwrite to replace it, --resume to go on, or another folder",
           out.string());
    if (!run)
      fail(ErrorKind::usage, "--out {} is not empty and was not made by `attune train`; name another folder",
           out.string());
    if (options.overwrite) check_nothing_read_is_replaced(options);
    return options.resume && is_finished(out);
  }
  return false;
}

void make_run_folder(const TrainOptions& options) {
  const fs::path out = options.out;
  if (options.overwrite && fs::exists(out)) clear_for_another(out);
  std::error_code error;
  fs::create_directories(out, error);
  if (error)
    fail(ErrorKind::io, "cannot make the folder {}: {}; is its parent there, and may it be written to?", out.string(),
         error.message());
  ::chmod(out.c_str(), 0700);
  remove_leftovers(out);
  remove_leftovers(out / "checkpoints");
}

fs::path replaced_run(const TrainOptions& options) {
  return fs::path(options.out) / kReplaced;
}

void drop_replaced_run(const TrainOptions& options) {
  fs::remove_all(replaced_run(options));
}

void write_options(const fs::path& path, TrainOptions options) {
  OptionList list;
  options.visit(list);
  json told = list.to_json();
  for (const char* key : {"resume", "overwrite", "json"}) told.erase(key);
  write_file_atomically(path, told.dump(2) + "\n");
}

json run_identity(TrainOptions options, const json& data_fingerprints, const std::string& model_fingerprint,
                  const std::string& precision) {
  OptionList list;
  options.visit(list);
  json identity = list.to_json(/*affecting_result_only=*/true);
  identity["data_sha256"] = data_fingerprints;
  identity["model_sha256"] = model_fingerprint;
  identity["precision_in_force"] = precision;
  return identity;
}

std::string model_fingerprint(const std::string& folder) {
  return io::fingerprint_folder(folder, io::model_file_names());
}

json environment(int threads) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line, processor = "unknown";
  while (std::getline(cpuinfo, line))
    if (line.starts_with("model name")) {
      processor = line.substr(line.find(':') + 2);
      break;
    }
  return {{"attune", "0.1.0"}, {"processor", processor}, {"threads", threads}, {"compiler", __VERSION__}};
}

}  // namespace attune::train
