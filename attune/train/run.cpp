#include "attune/train/run.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/threads.h"
#include "attune/data/report.h"
#include "attune/data/split.h"
#include "attune/metrics/routing.h"
#include "attune/report/html.h"
#include "attune/report/json.h"
#include "attune/report/text.h"
#include "attune/train/ladder.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_report.h"
#include "attune/train/trainer.h"

namespace attune::train {
namespace {

using nlohmann::json;

struct Sources {
  data::Dataset train;
  std::optional<data::Dataset> dev, test;
  std::string dev_files;
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Reads all files; holds out a part of the training rows where neither dev nor test was given.
Sources read_sources(const TrainOptions& o, const tasks::Task& task, Observer& observer) {
  Sources s{.train = data::read_dataset(o.train, task.data, o.read), .dev = {}, .test = {}, .dev_files = o.dev};
  if (!o.dev.empty() && o.dev != "none") s.dev = data::read_dataset({o.dev}, task.data, o.read);
  if (!o.test.empty()) s.test = data::read_dataset({o.test}, task.data, o.read);
  if (o.dev.empty() && o.test.empty() && o.holdout > 0) {
    const data::HeldOut parts = data::hold_out(s.train, task.data, o.holdout, o.seed);
    s.dev = data::take_rows(s.train, parts.held);
    s.train = data::take_rows(s.train, parts.kept);
    s.dev_files = joined(o.train) + " (held out)";
    observer.note(fmt::format("held out {} of {} training rows for dev (stratified, seed {}); --dev FILE or --dev none changes that", s.dev->examples.size(),
                              s.dev->examples.size() + s.train.examples.size(), o.seed));
  }
  return s;
}

std::string fingerprint(const TrainOptions& o) {
  std::vector<std::string> files = o.train;
  if (!o.dev.empty() && o.dev != "none") files.push_back(o.dev);
  if (!o.test.empty()) files.push_back(o.test);
  if (!o.labels.empty()) files.push_back(o.labels);
  return data::fingerprint_files(files);
}

// none, auto, or numbers by class in the labels' order.
std::vector<double> class_weights(const std::string& text, const std::vector<int64_t>& counts, const data::Labels& labels, Observer& observer) {
  if (text == "none") return {};
  std::vector<double> weights;
  if (text == "auto") {
    double total = 0;
    for (const int64_t count : counts) total += static_cast<double>(count);
    std::string shown;
    for (size_t c = 0; c < counts.size(); ++c) {
      weights.push_back(total / (static_cast<double>(counts.size()) * static_cast<double>(std::max<int64_t>(1, counts[c]))));
      if (c < 10) shown += fmt::format("{}{} {:.3g}", c ? ", " : "", labels.name(static_cast<int>(c)), weights.back());
    }
    observer.note("class weights: " + shown + (counts.size() > 10 ? ", ..." : ""));
    return weights;
  }
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    size_t read = 0;
    const std::string number = text.substr(at, comma - at);
    try {
      weights.push_back(std::stod(number, &read));
    } catch (const std::exception&) {
      read = 0;
    }
    if (read == 0 || read != number.size() || !(weights.back() >= 0))
      fail(ErrorKind::usage, "--class-weights: '{}' is no weight; expected none, auto, or {} numbers separated by commas", number, counts.size());
    at = comma + 1;
  }
  if (weights.size() != counts.size())
    fail(ErrorKind::usage, "--class-weights has {} numbers; the model has {} labels ({}, ...)", weights.size(), counts.size(), labels.name(0));
  return weights;
}

std::unique_ptr<losses::Loss> make_loss(const TrainOptions& o, const tasks::ModelBundle& bundle, const Split& train, Observer& observer) {
  losses::LossOptions options{.class_weights = {}, .positive_weights = o.pos_weight, .label_smoothing = o.label_smoothing};
  if (o.class_weights != "none") options.class_weights = class_weights(o.class_weights, train.targets.counts(static_cast<int>(bundle.outputs())), bundle.labels, observer);
  if (options.positive_weights.size() == 1) options.positive_weights.assign(static_cast<size_t>(bundle.outputs()), options.positive_weights[0]);
  if (!options.positive_weights.empty() && static_cast<int64_t>(options.positive_weights.size()) != bundle.outputs())
    fail(ErrorKind::usage, "--pos-weight has {} numbers; expected 1 or {} (one a label)", options.positive_weights.size(), bundle.outputs());
  return losses::make_loss(o.loss.empty() ? losses::default_loss(bundle.task->loss) : o.loss, bundle.task->loss, options);
}

tasks::ModelBundle open_model(const TrainOptions& o, const tasks::Task& task, const data::Dataset& train) {
  return tasks::open_for_training(
      {.model = o.model,
       .task = &task,
       .data_labels = task.kind == tasks::TaskKind::regress ? std::vector<std::string>{} : data::labels_of(train, task.data).names(),
       .labels_file = o.labels,
       .pooling = o.pooling == "mean" ? models::Pooling::mean : models::Pooling::first,
       .new_head = o.new_head,
       .seed = o.seed,
       .compute = tasks::compute_type(o.precision),
       .dropout = o.dropout,
       .attention_dropout = o.attention_dropout,
       .classifier_dropout = o.classifier_dropout,
       .encode = o.encode,
       .max_length_given = o.max_length_is_a_demand});
}

data::DataReport profile(const Split& train, const std::optional<Split>& dev, const std::optional<Split>& test, const tasks::ModelBundle& bundle) {
  std::vector<data::SplitInput> inputs{{"train", &train.data, &train.encoded}};
  if (dev) inputs.push_back({"dev", &dev->data, &dev->encoded});
  if (test) inputs.push_back({"test", &test->data, &test->encoded});
  return data::profile_data(inputs, bundle.task->data, bundle.encode.max_length);
}

struct Judged {
  std::optional<tasks::Evaluation> dev, test;
};

// dev first (it may choose thresholds), then test with what dev chose.
Judged evaluate_splits(report::Report& report, tasks::ModelBundle& bundle, kernels::Kernels& kernels, const losses::Loss& loss, const TrainOptions& o,
                       const std::optional<Split>& dev, const std::optional<Split>& test) {
  EvaluateOptions options{.batch_size = o.eval_batch_size, .bootstrap = {.draws = static_cast<int>(o.bootstrap), .seed = o.seed}};
  Judged judged;
  if (dev) {
    options.scorer.choose_thresholds = bundle.task->kind == tasks::TaskKind::multilabel;
    judged.dev = evaluate(bundle, kernels, *dev, loss, options);
    bundle.thresholds = judged.dev->thresholds;
    report.splits.push_back(report_split(bundle, *dev, *judged.dev, o.report_text));
  }
  if (test) {
    options.scorer = {.thresholds = bundle.thresholds};
    judged.test = evaluate(bundle, kernels, *test, loss, options);
    report.splits.push_back(report_split(bundle, *test, *judged.test, o.report_text));
  }
  return judged;
}

// Thresholds from dev, judged on test; where one of them is missing the other stands in, and the report says so.
std::optional<report::Routing> route_splits(const Judged& judged) {
  const tasks::Evaluation* chosen = judged.dev ? &*judged.dev : judged.test ? &*judged.test : nullptr;
  const tasks::Evaluation* on = judged.test ? &*judged.test : chosen;
  if (!on || on->classes.empty()) return std::nullopt;
  report::Routing routing{.table = metrics::route(chosen->classes, on->classes), .chosen_on = judged.dev ? "dev" : "test", .judged_on = judged.test ? "test" : "dev"};
  routing.table.same_rows = chosen == on;
  return routing;
}

// What less effort gives on the rows that the report opens with. The encoder is opened once more: it stands as it did before training.
std::optional<report::Ladder> make_ladder(const TrainOptions& o, kernels::Kernels& kernels, const Split& train,
                                          const std::optional<Split>& dev, const std::optional<Split>& test, const Judged& judged,
                                          const tasks::Task& task, double seconds, Observer& observer) {
  if (!o.ladder || !has_ladder(task) || (!dev && !test)) return std::nullopt;
  observer.note("measuring what less effort would give: majority class, n-grams, frozen encoder (--no-ladder leaves it out)");
  const tasks::ModelBundle untrained = open_model(o, task, train.data);
  report::Ladder ladder = climb({.untrained = untrained,
                                 .kernels = kernels,
                                 .train = train,
                                 .dev = dev ? &*dev : nullptr,
                                 .judged = test ? *test : *dev,
                                 .seed = o.seed,
                                 .batch_size = o.eval_batch_size,
                                 .bootstrap = {.draws = static_cast<int>(o.bootstrap), .seed = o.seed},
                                 .stop = [&] { return observer.stop_requested(); }});
  ladder.rows.push_back(fine_tuned_rung(ladder, test ? *judged.test : *judged.dev, seconds));
  return ladder;
}

// The curve and the evaluations, from metrics.jsonl: a resumed run shows all of it.
void read_curve(report::Report& report, const fs::path& log, const std::string& metric) {
  const std::string text = read_file(log);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const json line = json::parse(text.substr(at, end - at), nullptr, false);
    at = end + 1;
    if (!line.is_object()) continue;
    const auto number = [&](const char* key) { return line.contains(key) && line[key].is_number() ? line[key].get<double>() : metrics::kUndefined; };
    if (line.contains("split")) report.evaluations.push_back({line["step"], number(metric.c_str()), number("loss")});
    else report.curve.push_back({line["step"], line["epoch"], number("loss"), number("lr")});
  }
}

void write_reports(const report::Report& report, const fs::path& out) {
  write_file_atomically(out / "report.json", report::json_text(report));
  write_file_atomically(out / "report.html", report::to_html(report));
  write_file_atomically(out / "report.txt", report::to_text(report));
}

}  // namespace

RunResult run_training(TrainOptions o, Observer& observer) {
  if (check_run_folder(o)) return {.state = RunResult::State::was_finished, .report = {}};
  const tasks::Task& task = tasks::task_named(o.task);
  const ThreadChoice threads = choose_threads(o.threads);
  const auto kernels = kernels::cpu::make_kernels(threads.threads);
  Sources sources = read_sources(o, task, observer);
  tasks::ModelBundle bundle = open_model(o, task, sources.train);
  for (const auto& note : sources.train.notes) observer.note(note);
  for (const auto& note : bundle.notes) observer.note(note);

  const Split train = make_split("train", joined(o.train), std::move(sources.train), bundle);
  std::optional<Split> dev, test;
  if (sources.dev) dev = make_split("dev", sources.dev_files, std::move(*sources.dev), bundle);
  if (sources.test) test = make_split("test", o.test, std::move(*sources.test), bundle);
  const auto loss = make_loss(o, bundle, train, observer);
  if (loss->depends_on_batch() && o.micro_batch > 0) fail(ErrorKind::usage, "the loss '{}' depends on the whole batch; leave --micro-batch out", loss->name());
  const data::DataReport profiled = profile(train, dev, test, bundle);

  const std::string precision = tensor::name(bundle.model->compute());
  const json identity = run_identity(o, fingerprint(o), model_fingerprint(bundle.source.string()), precision);
  Trainer trainer(o, bundle, *loss, *kernels, train, dev ? &*dev : nullptr, observer);
  RunPlan plan = trainer.plan();
  plan.precision = precision, plan.threads = threads.threads, plan.threads_reason = threads.reason;
  make_run_folder(o);
  if (o.resume) trainer.resume(identity);
  OptionList list;
  o.visit(list);
  json resolved = list.to_json();
  resolved["resume"] = resolved["overwrite"] = false;
  write_file_atomically(fs::path(o.out) / "config.resolved.json", resolved.dump(2) + "\n");
  write_file_atomically(fs::path(o.out) / "environment.json", environment(threads.threads).dump(2) + "\n");
  observer.data_report(data::to_text(profiled));
  observer.planned(plan);

  const Outcome outcome = trainer.run(identity);
  if (outcome.interrupted) return {.state = RunResult::State::interrupted, .report = {}};

  report::Report report = base_report(bundle, o.model);
  report.show_texts = o.report_text;
  report.data_json = data::to_json(profiled).dump();
  report.data_text = data::to_text(profiled);
  const Judged judged = evaluate_splits(report, bundle, *kernels, *loss, o, dev, test);
  report.routing = route_splits(judged);
  report.ladder = make_ladder(o, *kernels, train, dev, test, judged, task, outcome.state.seconds, observer);
  read_curve(report, fs::path(o.out) / "metrics.jsonl", report::headline_metric(report));
  report.facts.emplace_back("training", fmt::format("{} steps, {:.1f} s, {:.0f} tokens/s", outcome.state.step, outcome.state.seconds,
                                                    outcome.state.seconds > 0 ? static_cast<double>(outcome.state.tokens) / outcome.state.seconds : 0));
  report.facts.emplace_back("loss", loss->name());
  report.facts.emplace_back("precision", fmt::format("{}, {} threads", precision, threads.threads));
  with_context([&] { return way_on(o.out); }, [&] {
    write_reports(report, o.out);
    tasks::save_bundle(bundle, o.out,
                       {{"attune", "0.1.0"}, {"loss", loss->name()}, {"identity", identity}, {"run", {{"steps", outcome.state.step}, {"seconds", outcome.state.seconds}}}});
  });
  return {.state = RunResult::State::finished, .report = std::move(report)};
}

}  // namespace attune::train
