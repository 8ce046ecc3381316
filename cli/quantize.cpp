// attune quantize: does int8 harm this model? Found out on the user's rows, and written beside the model.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/io/resolve.h"
#include "attune/metrics/catalog.h"
#include "attune/tasks/int8_record.h"
#include "attune/train/predictor.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/quantize_text.h"

namespace attune::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNotShownSafe = 3;  // exit code

struct QuantizeOptions {
  std::vector<std::string> data, texts;
  std::string metric;
  std::optional<double> margin;
  double level = 0.95;
  std::string mixed = "harmful";
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
    list.add(
        "mixed", mixed,
        {.help = "look for the fewest layers to leave in bf16 (f32 where that is faster) where all in int8 is found "
                 "harmful; undecided: where it cannot be decided, too; never. Half of the rows choose the layers, "
                 "the other half judges them",
         .choices = {"harmful", "undecided", "never"}});
    list.add("accept-undecided", accept_undecided,
             {.help = "where it cannot be decided, `attune serve --precision int8` takes the model all the same; "
                      "int8.json says so"});
    list.add("json", json, {.help = "print a JSON object instead of text"});
    list.add("threads", threads,
             {.help = "0: as many as there are physical cores at hand", .min = 0, .output_only = true});
    read.visit(list);
  }
};

// The probe is replayed in the reference's precision alone: what bytes do to it is what is to be found out.
tasks::ModelBundle open(const std::string& model, const nn::Precision& precision) {
  return tasks::open_for_inference(model, {.precision = precision,
                                           .heeds_int8_record = false,
                                           .replays_probe = !precision.int8,
                                           .vectors = tasks::Vectors::no_head});
}

data::Dataset rows_of(const std::vector<std::string>& files, const QuantizeOptions& options,
                      const tasks::ModelBundle& bundle, data::TargetNeed need) {
  return data::read_dataset(files, bundle.task->data, options.read, need, system_scratch_folder());
}

// What can be said of vectors here: how far they turn. What that does to a search only a search can tell.
std::string cosines_of(const tasks::ModelBundle& reference, const tasks::ModelBundle& bytes, kernels::Kernels& kernels,
                       const data::Dataset& rows) {
  std::vector<double> cosines;
  std::vector<data::Example> all;
  for (size_t i = 0; i < rows.examples.size(); ++i) {
    all.push_back(rows.examples[i]);
    all.back().has_pair = false, all.back().negatives.clear();
  }
  const auto before = train::Predictor(reference, kernels).logits(all);
  const auto after = train::Predictor(bytes, kernels).logits(all);
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

// The user's rows, and answers of any precision to them.
class Trial {
 public:
  Trial(const std::string& model, const QuantizeOptions& options, const tasks::ModelBundle& reference,
        kernels::Kernels& kernels)
      : model_(model), reference_(reference), kernels_(kernels) {
    if (!options.data.empty()) data_ = rows_of(options.data, options, reference, data::TargetNeed::required);
    if (!options.texts.empty()) texts_ = rows_of(options.texts, options, reference, data::TargetNeed::ignored);
  }

  train::PrecisionAnswers of_reference(train::RowHalf half) const { return answers(reference_, half); }
  train::PrecisionAnswers of(const nn::Precision& precision, train::RowHalf half) const {
    return answers(open(model_, precision), half);
  }

 private:
  train::PrecisionAnswers answers(const tasks::ModelBundle& bundle, train::RowHalf half) const {
    train::PrecisionAnswers answers(bundle);
    if (data_) answers.add(bundle, kernels_, *data_, true, half);
    if (texts_) answers.add(bundle, kernels_, *texts_, false, half);
    return answers;
  }

  const std::string& model_;
  const tasks::ModelBundle& reference_;
  kernels::Kernels& kernels_;
  std::optional<data::Dataset> data_, texts_;
};

nn::Precision with_wide(std::vector<int> wide) {
  nn::Precision precision = tasks::inference_precision("int8");
  std::sort(wide.begin(), wide.end());
  precision.wide = std::move(wide);
  return precision;
}

MixtureFound find_mixture(const Trial& trial, int64_t layers, const train::HarmQuestion& question) {
  using train::RowHalf;
  MixtureFound mixed;
  mixed.search = train::search_mixture(
      layers, trial.of_reference(RowHalf::first),
      [&](const std::vector<int>& wide) { return trial.of(with_wide(wide), RowHalf::first); }, question);
  if (!mixed.search.chosen) return mixed;
  mixed.precision = with_wide(mixed.search.tried[*mixed.search.chosen].wide);
  mixed.judged =
      train::find_harm(trial.of(mixed.precision, RowHalf::second), trial.of_reference(RowHalf::second), question);
  return mixed;
}

bool looks_for_a_mixture(const QuantizeOptions& options, compare::Harm harm) {
  return (harm == compare::Harm::harmful && options.mixed != "never") ||
         (harm == compare::Harm::undecided && options.mixed == "undecided");
}

QuantizeFound find_out(const QuantizeOptions& options, const std::string& model, kernels::Kernels& kernels) {
  const tasks::ModelBundle reference = open(model, tasks::inference_precision("auto"));
  const tasks::Task& task = *reference.task;
  QuantizeFound found{.reference = reference.model->precision().name(),
                      .metric = options.metric,
                      .bytes = {},
                      .mixed = {},
                      .cosines = {}};
  if (task.kind == tasks::TaskKind::embed) {
    std::vector<std::string> files = options.data;
    files.insert(files.end(), options.texts.begin(), options.texts.end());
    found.cosines = cosines_of(reference, open(model, with_wide({})), kernels,
                               rows_of(files, options, reference, data::TargetNeed::ignored));
    return found;
  }
  if (found.metric.empty()) found.metric = std::string(metrics::default_best_metric(task.name));
  const train::HarmQuestion question{.metric = found.metric, .margin = options.margin, .level = options.level};
  const Trial trial(model, options, reference, kernels);
  found.bytes =
      train::find_harm(trial.of(with_wide({}), train::RowHalf::all), trial.of_reference(train::RowHalf::all), question);
  if (looks_for_a_mixture(options, found.bytes.verdict.harm))
    found.mixed = find_mixture(trial, reference.model->config().layers, question);
  return found;
}

Json harm_json(const train::HarmFound& found) {
  Json record{{"rows", found.changed.rows},
              {"changed", found.changed.changed},
              {"changed_at_most", found.verdict.changed_at_most}};
  if (found.verdict.wrong_at_most)
    record["turned_wrong"] = found.seen->blocks[0].only_second_right,
    record["turned_wrong_at_most"] = *found.verdict.wrong_at_most;
  if (found.seen)
    record["difference"] = found.difference.difference,
    record["interval"] = {found.difference.low, found.difference.high}, record["labelled_rows"] = found.labelled.rows;
  if (found.verdict.needed) record["rows_that_would_decide"] = *found.verdict.needed;
  return record;
}

Json search_json(const train::MixedSearch& search) {
  Json json{{"parts", Json::array()}, {"tried", Json::array()}};
  for (const train::PartTurned& part : search.parts)
    json["parts"].push_back({{"part", models::part_name(part.depth)}, {"distance", part.distance}});
  for (const train::MixtureTried& tried : search.tried) {
    Json row = harm_json(tried.found);
    row["kept"] = tried.wide.size(), row["outcome"] = compare::name(tried.found.verdict.harm);
    json["tried"].push_back(std::move(row));
  }
  return json;
}

Json record_of(const QuantizeFound& f, const QuantizeOptions& options, const std::string& sha256, bool accepted) {
  Json record{{"outcome", compare::name(f.served().verdict.harm)},
              {"accepted", accepted},
              {"sha256", sha256},
              {"reference", f.reference},
              {"metric", f.metric},
              {"margin", f.served().margin},
              {"level", options.level}};
  if (f.is_mixed()) {
    record["wide"] = Json::array();
    for (const int depth : f.mixed->precision.wide) record["wide"].push_back(models::part_name(depth));
  }
  record.update(harm_json(f.served()));
  if (f.mixed) {
    record["search"] = search_json(f.mixed->search);
    record["all_in_int8"] = harm_json(f.bytes);
    record["all_in_int8"]["outcome"] = compare::name(f.bytes.verdict.harm);
  }
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
        "harmful,\nor cannot be decided from so many rows, with the number that would. Where it harms, the layers that "
        "do it are looked for\nand left in bf16. What was found is written to RUN/int8.json, and `attune serve "
        "--precision int8` asks for it.\nEnds with 0 where the model may be served so, else with 3.",
        list));
    return 0;
  }
  if (parsed.positional.empty()) fail(ErrorKind::usage, "name the model's folder: attune quantize RUN --data dev.csv");
  if (options.data.empty() && options.texts.empty())
    fail(ErrorKind::usage, "give rows to find it out on: --data with labels, --texts without");
  const std::string& model = parsed.positional[0];
  const auto kernels = kernels::cpu::make_kernels(choose_threads(options.threads).threads);
  const QuantizeFound found = find_out(options, model, *kernels);
  const compare::Harm harm = found.served().verdict.harm;
  const bool accepted = options.accept_undecided && harm == compare::Harm::undecided;
  const fs::path folder = io::resolve_model(model);
  const Json record = record_of(found, options, tasks::folder_hash(folder), accepted);
  write_file_atomically(folder / tasks::kInt8File, record.dump(2) + "\n");
  put(options.json ? record.dump(2) + "\n" : quantize_text(found, model, options.level, accepted));
  return harm == compare::Harm::safe || accepted ? 0 : kNotShownSafe;
}

}  // namespace attune::cli
