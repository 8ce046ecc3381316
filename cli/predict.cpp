// attune predict: texts in, one JSON object a text out, in constant memory.
#include "attune/base/error.h"
#include "attune/base/threads.h"
#include "attune/data/example_reader.h"
#include "attune/data/open_records.h"
#include "attune/tasks/pairs.h"
#include "attune/train/inference_options.h"
#include "attune/train/prediction_lines.h"
#include "attune/train/predictor.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/row_chunks.h"

namespace attune::cli {
namespace {

struct PredictOptions {
  train::InferenceOptions inference;
  train::LineOptions lines;
  data::ReadOptions read;

  void visit(OptionList& list) {
    inference.visit(list);
    list.add("top", lines.top,
             {.help = "only the N largest probabilities, largest first; 0: all, in label order",
              .placeholder = "N",
              .min = 0});
    list.add("logits", lines.logits, {.help = "the model's raw outputs too, before soft-max or sigmoid"});
    read.visit(list);
  }
};

// What was taken for the text, once.
void announce(const data::ExampleReader& reader, const tasks::ModelBundle& bundle, const data::Example& first) {
  for (const auto& note : reader.notes()) tell(note + "\n");
  if (const auto note = tasks::pairs_note(bundle, first.has_pair); !note.empty()) tell(note + "\n");
}

}  // namespace

int run_predict(const ArgumentList& arguments) {
  PredictOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 1);
  if (parsed.help) {
    put(help_text(
        "attune predict --model RUN [FILE] [options]",
        "Reads texts (FILE, or standard input: a text a line, or --format) and prints one JSON object for each, in "
        "order:\n"
        "label and probabilities; labels and probabilities; score; or entities with their place in the sentence. A\n"
        "row's answer does not depend on the rows around it.",
        list));
    return 0;
  }
  const tasks::ModelBundle bundle = options.inference.open();
  if (bundle.task->kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage,
         "{} gives a vector a text and labels none; `attune embed` writes them, `attune search` uses "
         "them",
         options.inference.model);
  const std::string path = parsed.positional.empty() ? "-" : parsed.positional[0];
  const auto ignored = data::TargetNeed::ignored;
  data::ExampleReader reader(data::open_records(path, options.read, bundle.task->data, ignored), bundle.task->data,
                             ignored, options.read);
  const auto kernels = kernels::cpu::make_kernels(choose_threads(options.inference.threads).threads);
  train::Predictor predictor(bundle, *kernels, options.inference.batch_size);
  const train::PredictionLines lines(bundle, options.lines);
  RowChunks chunks(reader);
  std::vector<data::Example> rows;
  for (bool first = true; chunks.next(rows); first = false) {
    for (const auto& row : rows)
      tasks::check_pair(bundle, row.has_pair,
                        [&] { return fmt::format("{} line {}", reader.records().name(), row.origin.line); });
    if (first) announce(reader, bundle, rows[0]);
    const std::vector<train::RowLogits> logits = predictor.logits(rows);
    for (size_t i = 0; i < rows.size(); ++i) put(lines.line(rows[i], logits[i]));
    flush_output();
  }
  chunks.rethrow();
  return 0;
}

}  // namespace attune::cli
