// attune eval: a fine-tuned model judged on labelled data.
#include <filesystem>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/threads.h"
#include "attune/kernels/kernels.h"
#include "attune/report/html.h"
#include "attune/report/json.h"
#include "attune/report/text.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/pairs.h"
#include "attune/train/evaluate.h"
#include "attune/train/run_report.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/inference_options.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

struct EvalOptions {
  InferenceOptions inference;
  std::vector<std::string> data;
  std::string out;
  int64_t bootstrap = 1000;
  uint64_t seed = 1;
  bool report_text = false;
  bool json = false;
  data::ReadOptions read;

  void visit(OptionList& list) {
    inference.visit(list);
    list.group("Evaluation");
    list.add("data", data,
             {.help = "labelled data; repeated: read one after another", .placeholder = "FILE", .required = true});
    list.add("out", out,
             {.help = "folder for report.txt, report.json and report.html", .placeholder = "DIR", .output_only = true});
    list.add("bootstrap", bootstrap, {.help = "resamples for 95% intervals; 0: none", .min = 0, .max = 1e6});
    list.add("seed", seed, {.help = "of the resamples"});
    list.add("report-text", report_text, {.help = "show the texts of rows judged wrongly", .output_only = true});
    list.add("json", json, {.help = "print the report as JSON", .output_only = true});
    read.visit(list);
  }
};

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

// A run's own report tells how it was trained; an evaluation of it belongs elsewhere.
void check_out(const std::string& out) {
  if (!out.empty() && std::filesystem::exists(std::filesystem::path(out) / "attune.json"))
    fail(ErrorKind::usage, "--out {}: a model stands there, and its own report would be replaced; name another folder",
         out);
}

void write_reports(const report::Report& report, const std::filesystem::path& out) {
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) fail(ErrorKind::io, "--out {}: {}", out.string(), error.message());
  write_file_atomically(out / "report.txt", report::to_text(report));
  write_file_atomically(out / "report.json", report::json_text(report));
  write_file_atomically(out / "report.html", report::to_html(report));
}

report::Report evaluated(const EvalOptions& options) {
  const ThreadChoice threads = choose_threads(options.inference.threads);
  const auto kernels = kernels::cpu::make_kernels(threads.threads);
  const tasks::ModelBundle bundle = options.inference.open();
  const train::Split split = train::make_split(
      "test", joined(options.data), data::read_dataset(options.data, bundle.task->data, options.read), bundle);
  tasks::check_pairs(bundle, split.data);
  const auto loss = tasks::recorded_loss(bundle);
  const auto evaluation =
      train::evaluate(bundle, *kernels, split, *loss,
                      {.batch_size = options.inference.batch_size,
                       .bootstrap = {.draws = static_cast<int>(options.bootstrap), .seed = options.seed},
                       .scorer = {.thresholds = bundle.thresholds, .decoding = bundle.decoding}});
  report::Report report = train::base_report(bundle, options.inference.model);
  report.show_texts = options.report_text;
  report.splits.push_back(train::report_split(bundle, split, *evaluation, options.report_text));
  for (const auto& note : split.data.notes) report.notes.push_back(note);
  if (const auto note = tasks::pairs_note(bundle, split.data.examples[0].has_pair); !note.empty())
    report.notes.push_back(note);
  report.facts.emplace_back("loss", loss->name());
  report.facts.emplace_back("precision", fmt::format("{}, {} threads ({})", tensor::name(bundle.model->compute()),
                                                     threads.threads, threads.reason));
  report.facts.emplace_back("evaluation", fmt::format("{} tokens, {:.2f} s", evaluation->tokens, evaluation->seconds));
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
        "metrics with intervals, every label, the worst mistakes by place, and what was cut off.",
        list));
    return 0;
  }
  check_out(options.out);
  const report::Report report = evaluated(options);
  if (!options.out.empty()) write_reports(report, options.out);
  put(options.json ? report::json_text(report) : report::to_text(report));
  return 0;
}

}  // namespace attune::cli
