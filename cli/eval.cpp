// attune eval: a fine-tuned model judged on labelled data.
#include <optional>

#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/kernels/kernels.h"
#include "attune/report/format.h"
#include "attune/report/json.h"
#include "attune/report/text.h"
#include "attune/tasks/int8_record.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/pairs.h"
#include "attune/train/inference_options.h"
#include "attune/train/prediction_writer.h"
#include "attune/train/run_evaluation.h"
#include "attune/train/run_sources.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report_folder.h"

namespace attune::cli {
namespace {

struct EvalOptions {
  train::InferenceOptions inference{.judges = true};
  std::vector<std::string> data;
  std::string out, predictions;
  int64_t bootstrap = 1000;
  uint64_t seed = 1;
  bool report_text = false;
  bool json = false;
  bool ladder = false;
  bool overwrite = false;
  data::ReadOptions read;

  void visit(OptionList& list) {
    inference.visit(list);
    list.group("Evaluation");
    list.add("data", data,
             {.help = "labelled data, rows as in training; repeated: read one after another",
              .placeholder = "FILE",
              .required = true});
    list.add("out", out,
             {.help = "folder for report.txt, report.json and report.html", .placeholder = "DIR", .output_only = true});
    list.add("predictions", predictions,
             {.help = "write each row's prediction beside what is right, as JSON lines: what `attune compare` reads",
              .placeholder = "FILE",
              .output_only = true});
    list.add("overwrite", overwrite, {.help = "replace the reports in an existing --out", .output_only = true});
    list.add("ladder", ladder,
             {.help = "measure on this data what less effort gives (majority, n-grams, frozen encoder): fits them anew "
                      "on the files that the run was trained on. A run's own test rows need no such flag"});
    list.add("bootstrap", bootstrap, {.help = "resamples for 95% intervals; 0: none", .min = 0, .max = 1e6});
    list.add("seed", seed, {.help = "of the resamples"});
    list.add("report-text", report_text, {.help = "show the texts of rows judged wrongly", .output_only = true});
    list.add("json", json, {.help = "print the report as JSON", .output_only = true});
    read.visit(list);
  }
};

// What takes long is said on standard error; the report alone goes to standard output.
struct Console final : train::Observer {
  void note(const std::string& text) override { tell(text + "\n"); }
};

report::Report evaluated(const EvalOptions& options) {
  const ThreadChoice threads = choose_threads(options.inference.threads);
  const auto kernels = kernels::cpu::make_kernels(threads.threads);
  tasks::ModelBundle bundle = options.inference.open();
  if (!bundle.loss_error.empty()) fail(ErrorKind::model, "{}", bundle.loss_error);
  data::Dataset rows =
      data::read_dataset(options.data, bundle.task->data, options.read, data::TargetNeed::required,
                         options.out.empty() ? system_scratch_folder() : scratch_folder_for(options.out));
  auto corpus = train::encode_corpus(rows, bundle);
  const train::Split split =
      train::make_split("test", train::joined(options.data), std::move(rows), bundle, std::move(corpus));
  tasks::check_pairs(bundle, split.data);
  tasks::set_default_loss(bundle, split.data.shape);
  if (!options.predictions.empty() && bundle.task->kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage, "--predictions: an embedding model labels no rows; leave it out");
  std::optional<train::PredictionWriter> predictions;
  if (!options.predictions.empty()) predictions.emplace(options.predictions, bundle, split);
  Console console;
  report::Report report =
      train::judge_model(bundle, *kernels, split,
                         {.model = options.inference.model,
                          .batch_size = options.inference.batch_size,
                          .bootstrap = {.draws = static_cast<int>(options.bootstrap), .seed = options.seed},
                          .report_text = options.report_text,
                          .see = predictions ? predictions->see() : train::SeeRow{},
                          .ladder = options.ladder},
                         console);
  if (predictions) predictions->commit();
  report.facts.emplace_back("precision", fmt::format("{}, {} ({})", tasks::precision_text(bundle.model->precision()),
                                                     report::plural(threads.threads, "thread"), threads.reason));
  if (const auto note = tasks::pairs_note(bundle, split.data.examples.view(0).has_pair); !note.empty())
    report.notes.push_back(note);
  return report;
}

}  // namespace

int run_eval(const ArgumentList& arguments) {
  EvalOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 0);
  if (parsed.help) {
    put(help_text(
        "attune eval --model RUN --data FILE [--out DIR] [options]",
        "Runs a fine-tuned model (attune's own or Hugging Face's) over labelled data and prints a report: the task's\n"
        "metrics with intervals, every label, the worst mistakes by place, and what was cut off. Of a run of attune's "
        "also its\n"
        "ladder, its thresholds for automatic routing (chosen on its dev rows), and its learning curves. A model of "
        "the task\nembed is judged by its vectors: pairs and judgements by search, scored pairs by rank correlation.",
        list));
    return 0;
  }
  if (!options.out.empty()) check_report_folder(options.out, options.overwrite);
  const report::Report report = evaluated(options);
  if (!options.out.empty()) write_report_folder(report, options.out);
  put(options.json ? report::json_text(report) : report::to_text(report));
  return 0;
}

}  // namespace attune::cli
