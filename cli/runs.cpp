// attune runs: what a project's runs were, from its database.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/suggest.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/track/runs/compare_runs.h"
#include "attune/track/runs/filter.h"
#include "attune/track/runs/run_text.h"
#include "attune/track/runs/run_values.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

using Json = nlohmann::ordered_json;
using track::StoredRun;

constexpr int kRunsWidth = 120;
constexpr const char* kRunsUsage = "attune runs list | show RUN | compare RUN RUN | best --project DIR [options]";

struct RunsOptions {
  std::string project, where, sort, metric, html;
  int64_t limit = 0;
  bool json = false;

  void visit(OptionList& list) {
    list.add("project", project,
             {.help = "folder that `attune train --project` kept the runs in", .placeholder = "DIR", .required = true});
    list.add("where", where,
             {.help = "list, best: only runs of which this is true, as in \"macro_f1 > 0.8 and lr <= 1e-4\"; names are "
                      "metrics, options, and id, name, state, task, started, took, step",
              .placeholder = "CONDITION"});
    list.add("sort", sort,
             {.help = "list: by this name, smallest first; with a dash before it largest first (-accuracy)",
              .placeholder = "NAME"});
    list.add("metric", metric,
             {.help = "list, best: the metric to show or to be best by (default: what the run's task is judged by)",
              .placeholder = "NAME"});
    list.add("limit", limit, {.help = "list: at most so many; 0: all", .min = 0});
    list.add("html", html,
             {.help = "compare: also as a page with both runs' curves, in this file", .placeholder = "FILE"});
    list.add("json", json, {.help = "print JSON instead of text"});
  }
};

std::vector<StoredRun> chosen(const track::RunStore& store, const RunsOptions& options) {
  std::vector<StoredRun> runs = store.runs();
  const track::Filter filter(options.where);
  if (runs.empty()) return runs;
  for (const std::string& name : filter.names()) track::check_name(runs, name, "--where");
  if (!options.metric.empty()) track::check_name(runs, options.metric, "--metric");
  const bool down = options.sort.starts_with('-');
  const std::string key = down ? options.sort.substr(1) : options.sort;
  if (!key.empty()) track::check_name(runs, key, "--sort");
  std::erase_if(runs, [&](const StoredRun& run) { return !filter.matches(run); });
  if (key.empty()) return runs;
  // Runs without the value come last in both directions.
  std::stable_sort(runs.begin(), runs.end(), [&](const StoredRun& a, const StoredRun& b) {
    const auto x = track::value_of(a, key), y = track::value_of(b, key);
    if (x.is_null() || y.is_null()) return !x.is_null() && y.is_null();
    return down ? y < x : x < y;
  });
  return runs;
}

void list_runs(const track::RunStore& store, const RunsOptions& options) {
  std::vector<StoredRun> runs = chosen(store, options);
  if (options.limit > 0 && std::ssize(runs) > options.limit) runs.resize(static_cast<size_t>(options.limit));
  if (options.json) {
    Json all = Json::array();
    for (const StoredRun& run : runs) all.push_back(track::to_json(run));
    return put(all.dump(2) + "\n");
  }
  put(runs.empty() ? "  no runs\n" : track::list_text(runs, options.metric, kRunsWidth));
}

void show_run(const track::RunStore& store, const RunsOptions& options, const std::string& name) {
  const StoredRun run = store.find(name);
  const auto curves = store.curves(run.id);
  if (!options.json) return put(track::show_text(run, curves, kRunsWidth));
  Json json = track::to_json(run);
  json["curves"] = track::to_json(curves);
  put(json.dump(2) + "\n");
}

void compare_runs(const track::RunStore& store, const RunsOptions& options, const std::string& a,
                  const std::string& b) {
  track::RunsSideBySide both{.first = store.find(a), .second = store.find(b), .first_curves = {}, .second_curves = {}};
  both.first_curves = store.curves(both.first.id), both.second_curves = store.curves(both.second.id);
  if (!options.html.empty()) write_file_atomically(options.html, track::compare_page(both));
  put(options.json ? track::compare_json(both).dump(2) + "\n" : track::compare_text(both, kRunsWidth));
  if (!options.html.empty() && !options.json) put(fmt::format("\n  page: {}\n", options.html));
}

// The metric's own name, without the split.
std::string bare(const std::string& metric) {
  return metric.substr(metric.find('/') + 1);
}

int best_run(const track::RunStore& store, const RunsOptions& options) {
  const StoredRun* best = nullptr;
  std::string metric = options.metric;
  const std::vector<StoredRun> runs = chosen(store, options);
  double value = std::nan("");
  for (const StoredRun& run : runs) {
    if (metric.empty()) metric = track::headline_metric(run);
    const nlohmann::json has = metric.empty() ? nlohmann::json() : track::metric_of(run, metric);
    if (!has.is_number()) continue;
    if (!best || metrics::is_better(bare(metric), has.get<double>(), value)) best = &run, value = has.get<double>();
  }
  if (!best)
    fail(ErrorKind::usage, "no run {}has {}; `attune runs list` shows what there is",
         options.where.empty() ? "" : "of those ", metric.empty() ? "reached anything yet" : "'" + metric + "'");
  if (options.json) {
    Json json = track::to_json(*best);
    json["best_by"] = metric, json["value"] = value;
    put(json.dump(2) + "\n");
  } else {
    put(fmt::format("{} {}  run {}, {}: {}\n", metric, report::fixed(value, 4), best->id, best->name, best->out));
  }
  return 0;
}

}  // namespace

int run_runs(const ArgumentList& arguments) {
  RunsOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 3);
  if (parsed.help) {
    put(help_text(
        kRunsUsage,
        "The runs that `attune train --project DIR` kept: `list` them, `show` one (by number or name), `compare`\n"
        "two (options, figures, curves), find the `best` by a metric. Reads alone; safe while runs go on.",
        list));
    return 0;
  }
  const auto& words = parsed.positional;
  static const std::vector<std::string> kVerbs{"list", "show", "compare", "best"};
  if (words.empty()) fail(ErrorKind::usage, "expected {}; usage: {}", fmt::join(kVerbs, ", "), kRunsUsage);
  const std::string& verb = words[0];
  if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end())
    fail(ErrorKind::usage, "unknown verb '{}'{}; usage: {}", verb, did_you_mean(verb, kVerbs), kRunsUsage);
  const size_t wanted = verb == "show" ? 1 : verb == "compare" ? 2 : 0;
  if (words.size() != wanted + 1)
    fail(ErrorKind::usage, "`{}` takes {} run{}, got {}; usage: {}", verb,
         wanted == 0   ? "no"
         : wanted == 1 ? "one"
                       : "two",
         wanted == 1 ? "" : "s", words.size() - 1, kRunsUsage);
  const track::RunStore store = track::RunStore::open(options.project, /*make_new=*/false);
  if (verb == "list") list_runs(store, options);
  if (verb == "show") show_run(store, options, words[1]);
  if (verb == "compare") compare_runs(store, options, words[1], words[2]);
  return verb == "best" ? best_run(store, options) : 0;
}

}  // namespace attune::cli
