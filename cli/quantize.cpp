// attune quantize: does int8 harm this model? Found out on the user's rows, and written beside the model.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/compare/worth.h"
#include "attune/io/resolve.h"
#include "attune/metrics/catalog.h"
#include "attune/report/columns.h"
#include "attune/report/compared.h"
#include "attune/report/format.h"
#include "attune/tasks/int8_record.h"
#include "attune/train/precision_trial.h"
#include "attune/train/predictor.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kWidth = 100;
constexpr int kNotShownSafe = 3;  // exit code

struct QuantizeOptions {
  std::vector<std::string> data, texts;
  std::string metric;
  std::optional<double> margin;
  double level = 0.95;
  bool accept_undecided = false;
  bool json = false;
  int threads = 0;
  data::ReadOptions read;

  void visit(OptionList& list) {
    list.group("What decides");
    list.add(
        "data", data,
        {.help = "labelled rows that the model has not learned from; repeated: several files", .placeholder = "FILE"});
    list.add("texts", texts,
             {.help = "rows without labels: accuracy cannot fall by more than the share of answers that change",
              .placeholder = "FILE"});
    list.add("metric", metric, {.help = "any that `attune eval` has (default: the task's own)", .placeholder = "NAME"});
    list.add("margin", margin,
             {.help = "a fall that would matter; in points for shares and correlations (default: 0.5), else in the "
                      "metric's unit (default: 1% of its value)",
              .min = 1e-9});
    list.add("level", level, {.help = "of the interval", .min = 0.5, .max = 0.9999});
    list.add("accept-undecided", accept_undecided,
             {.help = "where it cannot be decided, `attune serve --precision int8` takes the model all the same; "
                      "int8.json says so"});
    list.add("json", json, {.help = "print a JSON object instead of text"});
    list.add("threads", threads,
             {.help = "0: as many as there are physical cores at hand", .min = 0, .output_only = true});
    read.visit(list);
  }
};

// A model twice: as it is usually run, and in bytes.
struct Pair {
  tasks::ModelBundle reference, bytes;
};

Pair open_pair(const std::string& model) {
  const auto open = [&](const char* precision) {
    return tasks::open_for_inference(model, tasks::inference_precision(precision), {}, nullptr,
                                     tasks::Vectors::no_head);
  };
  return {open("auto"), open("int8")};
}

struct Found {
  std::string reference;  // its precision
  std::string metric;
  compare::Changed changed;
  std::optional<compare::Comparison> seen;  // where rows are labelled
  compare::Verdict difference;
  int64_t labelled = 0;
  compare::HarmVerdict verdict;
  double margin = 0;
  std::string cosines;  // embedding: in place of changed answers
};

data::Dataset rows_of(const std::vector<std::string>& files, const QuantizeOptions& options,
                      const tasks::ModelBundle& bundle, data::TargetNeed need) {
  return data::read_dataset(files, bundle.task->data, options.read, need, system_scratch_folder());
}

// What can be said of vectors here: how far they turn. What that does to a search only a search can tell.
std::string cosines_of(const Pair& models, kernels::Kernels& kernels, const data::Dataset& rows) {
  std::vector<double> cosines;
  std::vector<data::Example> all;
  for (size_t i = 0; i < rows.examples.size(); ++i) {
    all.push_back(rows.examples[i]);
    all.back().has_pair = false, all.back().negatives.clear();
  }
  const auto before = train::Predictor(models.reference, kernels).logits(all);
  const auto after = train::Predictor(models.bytes, kernels).logits(all);
  for (size_t i = 0; i < all.size(); ++i) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t c = 0; c < before[i].logits.size(); ++c) {
      const double a = before[i].logits[c], b = after[i].logits[c];
      ab += a * b, aa += a * a, bb += b * b;
    }
    cosines.push_back(ab / std::sqrt(aa * bb));
  }
  std::sort(cosines.begin(), cosines.end());
  return fmt::format("{:.4f} in the middle, {:.4f} at least, of {} texts", cosines[cosines.size() / 2], cosines.front(),
                     cosines.size());
}

Found find_out(const QuantizeOptions& options, const Pair& models, kernels::Kernels& kernels) {
  const tasks::Task& task = *models.reference.task;
  Found found{.reference = models.reference.model->precision().name(),
              .metric = options.metric,
              .changed = {},
              .seen = {},
              .difference = {},
              .verdict = {},
              .cosines = {}};
  if (task.kind == tasks::TaskKind::embed) {
    std::vector<std::string> files = options.data;
    files.insert(files.end(), options.texts.begin(), options.texts.end());
    found.cosines = cosines_of(models, kernels, rows_of(files, options, models.reference, data::TargetNeed::ignored));
    return found;
  }
  if (found.metric.empty()) found.metric = std::string(metrics::default_best_metric(task.name));
  train::PrecisionTrial trial(models.reference, models.bytes, kernels);
  if (!options.data.empty())
    trial.add(rows_of(options.data, options, models.reference, data::TargetNeed::required), true);
  if (!options.texts.empty())
    trial.add(rows_of(options.texts, options, models.reference, data::TargetNeed::ignored), false);
  found.changed = trial.changed(), found.labelled = trial.labelled().rows;
  found.seen = trial.compared(found.metric);
  found.margin = compare::worth_of(found.metric, options.margin, found.seen ? found.seen->blocks[0].second : 0);
  if (found.margin <= 0) fail(ErrorKind::usage, "--margin: {} has a unit; say how much of it matters", found.metric);
  std::optional<compare::Fall> fall;
  if (found.seen) {
    found.difference =
        compare::judge(found.seen->differences, {.level = options.level, .worth = found.margin, .same_models = true});
    fall = {.difference = found.difference.difference,
            .low = found.difference.low,
            .high = found.difference.high,
            .rows = found.labelled,
            // Every score changes.
            .changed = task.kind == tasks::TaskKind::regress ? found.labelled : trial.labelled().changed};
  }
  found.verdict = compare::judge_harm(fall, found.changed,
                                      {.margin = found.margin,
                                       .level = options.level,
                                       .share_bounds = compare::falls_by_changed_rows(task.name, found.metric)});
  return found;
}

std::string verdict_text(const Found& f, bool accepted) {
  const std::string matters = f.margin > 0 ? report::MetricUnits(f.metric).amount(f.margin) : "";
  const std::string taken = accepted ? " Taken all the same (--accept-undecided)." : "";
  if (!f.cosines.empty())
    return "Cannot be decided from this: whether turned vectors find other texts only a search can tell. Compare "
           "`attune "
           "eval --precision int8` with `attune eval` on judgements of yours." +
           taken;
  switch (f.verdict.harm) {
    case compare::Harm::safe:
      return f.verdict.by_share ? fmt::format("Safe: so few answers change that accuracy cannot fall by {}.", matters)
                                : fmt::format("Safe: a fall of {} is ruled out.", matters);
    case compare::Harm::harmful:
      return fmt::format("Harmful: the fall is larger than {}. Serve this model in {}.", matters, f.reference);
    case compare::Harm::undecided:
      break;
  }
  const int64_t rows = f.changed.rows;
  return fmt::format("Cannot be decided from {}: a fall of {} is neither ruled out nor shown. {}{}",
                     report::plural(rows, "row"), matters,
                     f.verdict.needed
                         ? fmt::format("About {} would decide, were all as it looks.", report::count(*f.verdict.needed))
                         : "More rows like these are not likely to decide; labelled ones may.",
                     taken);
}

std::string text_of(const Found& f, const std::string& model, double level, bool accepted) {
  report::Columns columns;
  columns.column("", report::Align::left).column("", report::Align::left);
  std::string heading = fmt::format("int8 against {}, {}", f.reference, model);
  if (f.seen) {
    const report::Compared told{.first = "int8",
                                .second = f.reference,
                                .metric = f.metric,
                                .worth = f.margin,
                                .level = level,
                                .same_runs = true,
                                .seen = *f.seen,
                                .verdict = f.difference};
    heading = report::heading(told);
    columns.row({"int8", report::side_text(told, &compare::BlockFigures::first)});
    columns.row({f.reference, report::side_text(told, &compare::BlockFigures::second)});
    columns.row({report::difference_title(told), report::difference_text(told)});
  }
  if (f.changed.rows > 0)
    columns.row({"answers that change",
                 fmt::format("{} of {}; {:.2f}% of all at most ({:.4g}%)", report::count(f.changed.changed),
                             report::count(f.changed.rows), 100 * f.verdict.share_bound, 50 + 50 * level)});
  if (!f.cosines.empty()) columns.row({"cosines between both ways", f.cosines});
  return "\n" + heading + "\n\n" + columns.text(kWidth) + "\n" + report::wrapped(verdict_text(f, accepted), kWidth, 2) +
         "\n";
}

Json record_of(const Found& f, const QuantizeOptions& options, const std::string& sha256, bool accepted) {
  Json record{{"outcome", compare::name(f.verdict.harm)},
              {"accepted", accepted},
              {"sha256", sha256},
              {"reference", f.reference},
              {"metric", f.metric},
              {"margin", f.margin},
              {"level", options.level},
              {"rows", f.changed.rows},
              {"changed", f.changed.changed},
              {"changed_at_most", f.verdict.share_bound}};
  if (f.seen)
    record["difference"] = f.difference.difference, record["interval"] = {f.difference.low, f.difference.high},
    record["labelled_rows"] = f.labelled;
  if (f.verdict.needed) record["rows_that_would_decide"] = *f.verdict.needed;
  if (!f.cosines.empty()) record["cosines"] = f.cosines;
  record["data"] = options.data, record["texts"] = options.texts;
  return record;
}

}  // namespace

int run_quantize(const ArgumentList& arguments) {
  QuantizeOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 1);
  if (parsed.help) {
    put(help_text(
        "attune quantize RUN --data dev.csv [--texts FILE] [options]",
        "Finds out on your rows whether int8 (twice as fast as bf16, a quarter of the memory) harms a model: safe, "
        "harmful,\nor cannot be decided from so many rows, with the number that would. What was found is written to "
        "RUN/int8.json, and\n`attune serve --precision int8` asks for it. Ends with 0 where the model may be served "
        "so, else with 3.",
        list));
    return 0;
  }
  if (parsed.positional.empty()) fail(ErrorKind::usage, "name the model's folder: attune quantize RUN --data dev.csv");
  if (options.data.empty() && options.texts.empty())
    fail(ErrorKind::usage, "give rows to find it out on: --data with labels, --texts without");
  const std::string& model = parsed.positional[0];
  const auto kernels = kernels::cpu::make_kernels(choose_threads(options.threads).threads);
  const Pair models = open_pair(model);
  const Found found = find_out(options, models, *kernels);
  const bool accepted = options.accept_undecided && found.verdict.harm == compare::Harm::undecided;
  const fs::path folder = io::resolve_model(model);
  const Json record = record_of(found, options, tasks::folder_hash(folder), accepted);
  write_file_atomically(folder / tasks::kInt8File, record.dump(2) + "\n");
  put(options.json ? record.dump(2) + "\n" : text_of(found, model, options.level, accepted));
  return found.verdict.harm == compare::Harm::safe || accepted ? 0 : kNotShownSafe;
}

}  // namespace attune::cli
