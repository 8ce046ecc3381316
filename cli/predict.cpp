// attune predict: texts in, one JSON object a text out, in constant memory.
#include "attune/base/error.h"
#include "attune/base/threads.h"
#include "attune/data/example_reader.h"
#include "attune/data/open_records.h"
#include "attune/kernels/kernels.h"
#include "attune/train/evaluate.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/inference_options.h"
#include "cli/output.h"
#include "cli/prediction.h"

namespace attune::cli {
namespace {

constexpr size_t kChunk = 256;  // rows read and answered together

struct PredictOptions {
  InferenceOptions inference;
  LineOptions lines;
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

class Predictor {
 public:
  Predictor(const PredictOptions& options, const tasks::ModelBundle& bundle)
      : batch_size_(options.inference.batch_size),
        bundle_(bundle),
        kernels_(kernels::cpu::make_kernels(choose_threads(options.inference.threads).threads)),
        encoder_(*bundle.tokenizer, bundle.task->data, bundle.encode),
        lines_(bundle, options.lines) {}

  // Answers a chunk of rows in their order.
  void answer(std::span<const data::Example> rows) {
    data::EncodedSet encoded;
    for (const data::Example& row : rows) encoder_.append(row, encoded);
    std::vector<RowLogits> logits(rows.size());
    for (int64_t first = 0; first < encoded.size(); first += batch_size_)
      run(encoded, first, std::min(encoded.size(), first + batch_size_), logits);
    for (size_t i = 0; i < rows.size(); ++i) put(lines_.line(rows[i], logits[i]));
    flush_output();
  }

 private:
  // Sequences [first, last): through the model, and each row's logits to the row.
  void run(const data::EncodedSet& encoded, int64_t first, int64_t last, std::vector<RowLogits>& rows) {
    const bool tagging = bundle_.task->kind == tasks::TaskKind::tag;
    batch_.clear();
    for (int64_t s = first; s < last; ++s) {
      const data::Encoded sequence = encoded.at(s);
      batch_.add(sequence, tagging, static_cast<int32_t>(s - encoded.first_sequence(sequence.example)));
    }
    batch_.finish();
    if (batch_.read_count == 0) return;  // sentences without a word
    std::span<const float> logits = train::run_batch(*bundle_.model, *kernels_, arena_, batch_);
    for (int64_t s = first; s < last; ++s) {
      const data::Encoded sequence = encoded.at(s);
      RowLogits& row = rows[sequence.example];
      for (const auto& at : sequence.places) row.words.push_back(at.word);
      const size_t count = (tagging ? sequence.places.size() : 1) * static_cast<size_t>(bundle_.outputs());
      row.logits.insert(row.logits.end(), logits.begin(), logits.begin() + static_cast<std::ptrdiff_t>(count));
      logits = logits.subspan(count);
    }
  }

  int64_t batch_size_;
  const tasks::ModelBundle& bundle_;
  std::unique_ptr<kernels::Kernels> kernels_;
  data::Encoder encoder_;
  PredictionLines lines_;
  tensor::Arena arena_;
  tasks::Batch batch_;
};

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
  const tasks::ModelBundle bundle =
      tasks::open_for_inference(options.inference.model, tasks::compute_type(options.inference.precision));
  const std::string path = parsed.positional.empty() ? "-" : parsed.positional[0];
  const auto ignored = data::TargetNeed::ignored;
  data::ExampleReader reader(data::open_records(path, options.read, bundle.task->data, ignored), bundle.task->data,
                             ignored, options.read);
  Predictor predictor(options, bundle);
  std::vector<data::Example> rows;
  for (bool more = true; more;) {
    rows.resize(kChunk);
    size_t count = 0;
    while (count < kChunk && (more = reader.next(rows[count]))) ++count;
    predictor.answer(std::span(rows).first(count));
  }
  return 0;
}

}  // namespace attune::cli
