// attune compare: which of two procedures is better, from predictions alone.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "attune/base/suggest.h"
#include "attune/compare/blocks.h"
#include "attune/compare/gold.h"
#include "attune/compare/worth.h"
#include "attune/metrics/catalog.h"
#include "attune/report/columns.h"
#include "attune/report/compared.h"
#include "attune/report/format.h"
#include "attune/tasks/task.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct CompareOptions {
  std::string metric, task;
  std::optional<double> worth;
  std::optional<std::string> gold;
  double level = 0.95;
  int64_t draws = 1000;
  uint64_t seed = 0;
  bool json = false;
  data::ReadOptions read;

  void visit(OptionList& list) {
    list.group("Comparison");
    list.add(
        "metric", metric,
        {.help = "any that `attune eval` has (default: accuracy, micro_f1, spearman, entity_f1 or ndcg_10, by task)",
         .placeholder = "NAME"});
    list.add(
        "worth", worth,
        {.help = "a smaller difference does not matter; in points for shares and correlations (default: 0.5), else in "
                 "the metric's unit (default: 1% of the second's value)",
         .min = 0});
    list.add(
        "gold", gold,
        {.help = "labelled data file that says what is right, where the predictions do not: rows are matched by id, "
                 "without ids by their place",
         .placeholder = "FILE"});
    list.add("task", task,
             {.help = "what the predictions are of, where their keys leave it open",
              .choices = {"classify", "multilabel", "regress", "tag", "embed"}});
    list.add("level", level, {.help = "of the interval", .min = 0.5, .max = 0.9999});
    list.add("draws", draws, {.help = "resamples of the rows", .min = 100, .max = 1e6});
    list.add("seed", seed, {.help = "of the resamples"});
    list.add("json", json, {.help = "print a JSON object instead of text"});
    read.visit(list);
  }
};

// One of the two procedures: its name, and a file a run.
struct Side {
  std::string name;
  std::vector<std::string> paths;
};

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
  if (files.empty()) fail(ErrorKind::input, "{}: no file *.jsonl in it", folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

constexpr const char* kUsage = "attune compare A B, two folders of predictions (*.jsonl, a file a run) or two files";

// Two things are the two sides; more are files of two folders, which the shell has listed.
std::pair<Side, Side> sides_of(const std::vector<std::string>& given) {
  if (given.size() < 2) fail(ErrorKind::usage, "expected two sides to compare; usage: {}", kUsage);
  std::error_code none;
  for (const std::string& each : given)
    if (!fs::exists(each, none)) fail(ErrorKind::io, "{}: no such file or folder{}", each, did_you_mean_beside(each));
  std::vector<Side> sides;
  if (given.size() == 2) {
    for (const std::string& each : given)
      sides.push_back({each, fs::is_directory(each, none) ? files_in(each) : std::vector{each}});
  } else {
    for (const std::string& each : given) {
      if (fs::is_directory(each, none))
        fail(ErrorKind::usage, "{} is a folder among {} things; usage: {}", each, given.size(), kUsage);
      const std::string folder = fs::path(each).has_parent_path() ? fs::path(each).parent_path().string() : ".";
      auto found = std::find_if(sides.begin(), sides.end(), [&](const Side& side) { return side.name == folder; });
      if (found == sides.end()) found = sides.insert(sides.end(), Side{folder, {}});
      found->paths.push_back(each);
    }
    if (sides.size() != 2)
      fail(ErrorKind::usage, "{} files stand in {} folder{}; the two sides must stand in a folder each; usage: {}",
           given.size(), sides.size(), sides.size() == 1 ? "" : "s", kUsage);
    for (Side& side : sides) std::sort(side.paths.begin(), side.paths.end());
  }
  if (sides[0].paths.size() != sides[1].paths.size())
    fail(ErrorKind::usage,
         "{} has {} and {} has {}; each run of one is compared with a run of the other on the same rows", sides[0].name,
         report::plural(std::ssize(sides[0].paths), "file"), sides[1].name,
         report::plural(std::ssize(sides[1].paths), "file"));
  return {sides[0], sides[1]};
}

struct Outcome {
  Side first, second;
  std::string metric;
  double worth = 0;  // in the metric's own unit
  double level = 0.95;
  compare::Comparison seen;
  compare::Verdict verdict;

  size_t runs() const { return seen.blocks.size(); }
  report::Compared told() const {
    return {.first = first.name,
            .second = second.name,
            .metric = metric,
            .worth = worth,
            .level = level,
            .seen = seen,
            .verdict = verdict};
  }
};

std::string text_of(const Outcome& o) {
  const report::Compared told = o.told();
  report::Columns columns;
  columns.column("", report::Align::left).column("", report::Align::left);
  columns.row({o.first.name, report::side_text(told, &compare::BlockFigures::first)});
  columns.row({o.second.name, report::side_text(told, &compare::BlockFigures::second)});
  columns.row({report::difference_title(told), report::difference_text(told)});
  std::string text = "\n" + report::heading(told) + "\n\n" + columns.text(report::kTextWidth) + "\n" +
                     report::wrapped(report::state_text(told) + ".", report::kTextWidth, 2) + "\n";
  report::Columns more;
  more.column("", report::Align::left).column("", report::Align::left);
  for (const auto& [title, value] : report::verdict_facts(told)) more.row({title, value});
  text += more.text(report::kTextWidth + 20);
  for (const std::string& note : o.seen.notes) text += "\n" + report::wrapped("note: " + note, report::kTextWidth, 2);
  return text + "\n";
}

Json json_of(const Outcome& o) {
  Json json = {{"metric", o.metric}, {"first", o.first.name}, {"second", o.second.name}};
  json.update(report::verdict_json(o.told()));
  json["blocks"] = report::blocks_json(o.seen, o.first.paths, o.second.paths);
  json["notes"] = o.seen.notes;
  return json;
}

// Partners stand at the same place among their sides' names; where the names differ this is said.
void say_partners(const Side& first, const Side& second) {
  for (size_t s = 0; s < first.paths.size() && first.paths.size() > 1; ++s)
    if (fs::path(first.paths[s]).filename() != fs::path(second.paths[s]).filename())
      return tell("the two sides' files have other names: they are partners in the order of their names\n");
}

Outcome compared(const CompareOptions& options, const std::vector<std::string>& given) {
  auto [first, second] = sides_of(given);
  say_partners(first, second);
  std::optional<data::TargetKind> kind;
  if (!options.task.empty()) kind = tasks::task_named(options.task).data;
  std::vector<compare::PredictionFile> files;  // of both sides
  for (const Side* side : {&first, &second})
    for (const std::string& path : side->paths) {
      files.push_back(compare::read_predictions(path, kind));
      kind = files.back().kind;
    }
  if (options.gold) compare::take_gold(files, *options.gold, options.read);
  compare::check_gold(files);
  const std::string metric =
      options.metric.empty() ? std::string(metrics::default_best_metric(compare::task_name(*kind))) : options.metric;
  Outcome outcome{
      .first = first, .second = second, .metric = metric, .level = options.level, .seen = {}, .verdict = {}};
  const auto begin = std::make_move_iterator(files.begin()), end = std::make_move_iterator(files.end());
  const auto middle = begin + std::ssize(first.paths);
  outcome.seen =
      compare::compare_blocks({begin, middle}, {middle, end},
                              {.metric = metric, .draws = static_cast<int>(options.draws), .seed = options.seed});
  double of_second = 0;
  for (const auto& block : outcome.seen.blocks)
    of_second += std::abs(block.second) / static_cast<double>(outcome.runs());
  outcome.worth = compare::worth_of(metric, options.worth, of_second);
  outcome.verdict = compare::judge(outcome.seen.differences, {.level = options.level, .worth = outcome.worth});
  return outcome;
}

}  // namespace

int run_compare(const ArgumentList& arguments) {
  CompareOptions options;
  OptionList list;
  options.visit(list);
  constexpr size_t kMostFiles = 2000;
  const Arguments parsed = parse_arguments(arguments, list, kMostFiles);
  if (parsed.help) {
    put(help_text(
        "attune compare A B --metric NAME [--gold FILE] [options]",
        "Says which of two ways of training (or of two models) is better, and how sure that is, from\n"
        "predictions alone, of attune or of any other system. A and B: folders of *.jsonl files, a file for\n"
        "each run (another seed, or fold and seed), or two files. A line is a row: {\"id\": 7, \"gold\": \"spam\",\n"
        "\"label\": \"ham\", \"probabilities\": {\"spam\": 0.3, \"ham\": 0.7}}; docs/compare.md has the other tasks'\n"
        "keys. Differences are A minus B, turned so that more is better.",
        list));
    return 0;
  }
  const Outcome outcome = compared(options, parsed.positional);
  put(options.json ? json_of(outcome).dump(2) + "\n" : text_of(outcome));
  return 0;
}

}  // namespace attune::cli
