#include "attune/track/runs/run_values.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/report/format.h"

namespace attune::track {
namespace {

using nlohmann::json;

constexpr const char* kOwn[] = {"id", "name", "state", "task", "out", "version", "started", "took", "steps", "step"};

json own_value(const StoredRun& run, std::string_view name) {
  if (name == "id") return run.id;
  if (name == "name") return run.name;
  if (name == "state") return run.state;
  if (name == "task") return run.task;
  if (name == "out") return run.out;
  if (name == "version") return run.version;
  if (name == "started") return run.started;
  if (name == "took") return run.seconds;
  if (name == "steps") return run.steps;
  if (name == "step") return run.step;
  return {};
}

std::string with_underscores(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

}  // namespace

json metric_of(const StoredRun& run, std::string_view name) {
  for (const std::string prefix : {"", "test/", "dev/"})
    if (const auto found = run.finals.find(prefix + std::string(name)); found != run.finals.end()) return found->second;
  return {};
}

json value_of(const StoredRun& run, std::string_view name) {
  if (json own = own_value(run, name); !own.is_null()) return own;
  if (const std::string key = with_underscores(name); run.options.is_object() && run.options.contains(key))
    return run.options[key];
  return metric_of(run, name);
}

std::vector<std::string> value_names(std::span<const StoredRun> runs) {
  std::set<std::string> names(std::begin(kOwn), std::end(kOwn));
  for (const StoredRun& run : runs) {
    if (run.options.is_object())
      for (const auto& [name, value] : run.options.items()) names.insert(name);
    for (const auto& [name, value] : run.finals) names.insert(name), names.insert(name.substr(name.find('/') + 1));
  }
  return {names.begin(), names.end()};
}

void check_name(std::span<const StoredRun> runs, std::string_view name, std::string_view option) {
  const std::vector<std::string> known = value_names(runs);
  if (std::find(known.begin(), known.end(), name) == known.end() &&
      std::find(known.begin(), known.end(), with_underscores(name)) == known.end())
    fail(ErrorKind::usage, "{}: no run knows '{}'{}", option, name, did_you_mean(name, known));
}

bool is_about_output(std::string_view option) {
  for (const char* name : {"out", "overwrite", "resume", "json", "threads", "track", "tensorboard", "wandb", "project",
                           "log_every", "report_text", "keep_checkpoints", "save_every", "profile", "profile_trace"})
    if (option == name) return true;
  return false;
}

std::vector<std::string> differing_options(std::span<const StoredRun> runs) {
  std::set<std::string> names;
  for (const StoredRun& run : runs)
    if (run.options.is_object())
      for (const auto& [name, value] : run.options.items())
        if (!is_about_output(name)) names.insert(name);
  std::vector<std::string> differing;
  for (const std::string& name : names) {
    const auto value = [&](const StoredRun& run) { return run.options.value(name, json()); };
    if (std::any_of(runs.begin(), runs.end(), [&](const StoredRun& run) { return value(run) != value(runs.front()); }))
      differing.push_back(name);
  }
  return differing;
}

std::string shown(const json& value) {
  if (value.is_null() || (value.is_string() && value.get<std::string>().empty())) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  if (value.is_number_float()) return report::compact(value.get<double>(), 5);
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const json& item : value) list += (list.empty() ? "" : ", ") + shown(item);
  return list.empty() ? "-" : list;
}

}  // namespace attune::track
