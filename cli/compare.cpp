// attune compare: which of two procedures is better, from predictions alone.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "attune/base/suggest.h"
#include "attune/compare/blocks.h"
#include "attune/compare/gold.h"
#include "attune/metrics/catalog.h"
#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/tasks/task.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

namespace fs = std::filesystem;
using compare::State;
using Json = nlohmann::ordered_json;

constexpr int kWidth = 100;
constexpr double kWorthInPoints = 0.5, kWorthAsShare = 0.01;

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

// Numbers of a metric as people read them: points for shares and correlations, else its own unit.
class Units {
 public:
  explicit Units(const std::string& metric) : points_(!metrics::has_unit(metric)) {}
  bool points() const { return points_; }
  double scale() const { return points_ ? 100 : 1; }
  std::string number(double value) const { return fmt::format("{:+.{}f}", scale() * value, points_ ? 2 : 4); }
  std::string amount(double value) const {
    return points_ ? fmt::format("{:.3g} points", scale() * value) : fmt::format("{:.3g}", value);
  }
  std::string value(double value) const { return fmt::format("{:.4f}", value); }

 private:
  bool points_;
};

struct Outcome {
  Side first, second;
  std::string metric;
  double worth = 0;  // in the metric's own unit
  double level = 0.95;
  Units units;
  compare::Comparison seen;
  compare::Verdict verdict;

  const std::string& leader() const { return verdict.difference > 0 ? first.name : second.name; }
  size_t runs() const { return seen.blocks.size(); }
};

std::string mean_and_runs(const Outcome& o, double compare::BlockFigures::*which) {
  double sum = 0;
  std::string runs;
  for (const auto& block : o.seen.blocks)
    sum += block.*which, runs += (runs.empty() ? "" : " ") + o.units.value(block.*which);
  return o.runs() == 1 ? runs : fmt::format("{}   ({})", o.units.value(sum / static_cast<double>(o.runs())), runs);
}

std::string state_text(const Outcome& o) {
  const std::string worth = o.units.amount(o.worth);
  switch (o.verdict.state) {
    case State::better_by_worth:
      return fmt::format("{} is better, by more than {}", o.leader(), worth);
    case State::better:
      return fmt::format("{} is better; whether by more than the {} that matter is open", o.leader(), worth);
    case State::no_difference:
      return fmt::format("no difference that matters: it is below {} either way", worth);
    case State::undecided:
      break;
  }
  if (o.runs() == 1)
    return "undecided: one run of each tells which of two trained models is better on such rows, "
           "and nothing of the next run of either";
  const bool zero_inside = o.verdict.low <= 0 && o.verdict.high >= 0;
  if (o.runs() == 2)
    return fmt::format("undecided: two runs of each can show a difference beyond {} and nothing less", worth);
  if (zero_inside) return "undecided, which does not mean equal: the interval holds 0 and differences that matter";
  return fmt::format("undecided: {} is ahead, and whether by the {} that matter is open", o.leader(), worth);
}

std::string needed_text(const Outcome& o) {
  if (o.runs() == 1) return "three runs of each, to begin with";
  const auto& needed = o.verdict.needed;
  const auto whole = [](double x) { return report::count(static_cast<int64_t>(x)); };
  const std::string runs =
      needed.runs ? fmt::format("{} runs of each (there are {})", whole(*needed.runs), o.runs()) : "";
  const char* unit = o.seen.grouped ? "groups of rows" : "rows";
  const std::string rows = needed.units ? fmt::format("{} {} with as many runs (there are {})", whole(*needed.units),
                                                      unit, whole(o.seen.differences.units))
                                        : "";
  if (runs.empty() && rows.empty()) return "no number of runs or rows below a thousand times these";
  return runs.empty() ? rows : rows.empty() ? runs : runs + ", or " + rows;
}

std::string difference_title(const Outcome& o) {
  const bool lower = metrics::metric_info(o.metric).better == metrics::Better::lower;
  return std::string("difference") + (o.units.points() ? ", in points" : "") + (lower ? " (of less)" : "");
}

std::string text_of(const Outcome& o) {
  std::string text = fmt::format("\n{} against {}, {}: {} of each, {}{}\n\n", o.first.name, o.second.name,
                                 report::metric_title(o.metric), report::plural(static_cast<int64_t>(o.runs()), "run"),
                                 report::plural(o.seen.distinct_rows, "row"),
                                 o.runs() == 1      ? ""
                                 : o.seen.same_rows ? ", the same for all"
                                                    : " in all");
  const compare::Verdict& v = o.verdict;
  report::Columns columns;
  columns.column("", report::Align::left).column("", report::Align::left);
  columns.row({o.first.name, mean_and_runs(o, &compare::BlockFigures::first)});
  columns.row({o.second.name, mean_and_runs(o, &compare::BlockFigures::second)});
  columns.row({difference_title(o), fmt::format("{}   {:g}% interval {} to {}", o.units.number(v.difference),
                                                100 * o.level, o.units.number(v.low), o.units.number(v.high))});
  text += columns.text(kWidth) + "\n" + report::wrapped(state_text(o) + ".", kWidth, 2) + "\n";
  report::Columns more;
  more.column("", report::Align::left).column("", report::Align::left);
  more.row({"chance that the order is wrong", o.runs() == 1 ? "not known from one run" : report::percent(v.wrong, 1)});
  more.row({"chance that one new run of each, on as many new rows, turns it",
            o.runs() == 1 ? "not known from one run" : report::percent(v.turns, 1)});
  more.row({"smallest difference that would have been seen (4 times of 5)", o.units.amount(v.visible)});
  if (o.runs() > 1)
    more.row({"what holds it up", v.rows_are_the_bottleneck ? (o.seen.grouped ? "groups of rows" : "rows") : "runs"});
  if (v.state == State::undecided) more.row({"would decide, were the difference as it looks", needed_text(o)});
  int64_t first = 0, second = 0;
  for (const auto& block : o.seen.blocks) first += block.only_first_right, second += block.only_second_right;
  if (first + second > 0)
    more.row({"answers that only one side has right",
              fmt::format("{} and {}, over all runs", report::count(first), report::count(second))});
  text += more.text(kWidth + 20);
  for (const std::string& note : o.seen.notes) text += "\n" + report::wrapped("note: " + note, kWidth, 2);
  return text + "\n";
}

Json json_of(const Outcome& o) {
  Json blocks = Json::array();
  for (size_t s = 0; s < o.runs(); ++s) {
    const auto& block = o.seen.blocks[s];
    blocks.push_back({{"first", {{"file", o.first.paths[s]}, {"value", block.first}}},
                      {"second", {{"file", o.second.paths[s]}, {"value", block.second}}},
                      {"difference", o.seen.differences.by_block[s]},
                      {"rows", block.rows},
                      {"only_first_right", block.only_first_right},
                      {"only_second_right", block.only_second_right}});
  }
  const compare::Verdict& v = o.verdict;
  const auto known = [](double value) { return std::isnan(value) ? Json() : Json(value); };
  const auto perhaps = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  const bool says = v.state == State::better || v.state == State::better_by_worth;
  return {{"metric", o.metric},
          {"first", o.first.name},
          {"second", o.second.name},
          {"state", compare::name(v.state)},
          {"better", says ? Json(o.leader()) : Json()},
          {"difference", v.difference},
          {"interval", {v.low, v.high}},
          {"level", o.level},
          {"worth", o.worth},
          {"chance_order_wrong", o.runs() == 1 ? Json() : Json(v.wrong)},
          {"chance_new_runs_turn_it", known(v.turns)},
          {"visible_difference", v.visible},
          {"bottleneck", o.runs() == 1 ? Json() : Json(v.rows_are_the_bottleneck ? "rows" : "runs")},
          {"needed", {{"runs", perhaps(v.needed.runs)}, {"units", perhaps(v.needed.units)}}},
          {"rows", o.seen.distinct_rows},
          {"same_rows", o.seen.same_rows},
          {"variance",
           {{"by_block", o.seen.differences.block_variance},
            {"by_rows", o.seen.differences.mean_variance},
            {"by_runs", v.runs_variance},
            {"of_mean", v.variance},
            {"df", std::isfinite(v.df) ? Json(v.df) : Json()}}},
          {"blocks", blocks},
          {"notes", o.seen.notes}};
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
  Outcome outcome{.first = first,
                  .second = second,
                  .metric = metric,
                  .level = options.level,
                  .units = Units(metric),
                  .seen = {},
                  .verdict = {}};
  const auto begin = std::make_move_iterator(files.begin()), end = std::make_move_iterator(files.end());
  const auto middle = begin + std::ssize(first.paths);
  outcome.seen =
      compare::compare_blocks({begin, middle}, {middle, end},
                              {.metric = metric, .draws = static_cast<int>(options.draws), .seed = options.seed});
  double of_second = 0;
  for (const auto& block : outcome.seen.blocks)
    of_second += std::abs(block.second) / static_cast<double>(outcome.runs());
  outcome.worth = options.worth            ? *options.worth / outcome.units.scale()
                  : outcome.units.points() ? kWorthInPoints / outcome.units.scale()
                                           : kWorthAsShare * of_second;
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
