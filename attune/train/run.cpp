#include "attune/train/run.h"

#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/data/report.h"
#include "attune/report/format.h"
#include "attune/report/html.h"
#include "attune/report/json.h"
#include "attune/report/text.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/pairs.h"
#include "attune/train/head_start.h"
#include "attune/train/ladder.h"
#include "attune/train/run_correction.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_judgement.h"
#include "attune/train/run_loss.h"
#include "attune/train/run_profile.h"
#include "attune/train/run_record.h"
#include "attune/train/run_report.h"
#include "attune/train/run_sources.h"
#include "attune/train/run_tracking.h"
#include "attune/train/trainer.h"

namespace attune::train {
namespace {

using nlohmann::json;

tasks::ModelBundle open_model(const TrainOptions& o, const tasks::Task& task, const data::Dataset& train,
                              kernels::Kernels& kernels) {
  const bool numbers = task.kind == tasks::TaskKind::regress || task.kind == tasks::TaskKind::embed;
  return tasks::open_for_training(
      {.model = o.model,
       .task = &task,
       .data_labels = numbers ? std::vector<std::string>{} : data::labels_of(train, task.data).names(),
       .labels_file = o.labels,
       .make_loss = [&](const data::Labels& labels) { return make_run_loss(o, task, train, labels); },
       .pooling = tasks::pooling_named(o.pooling),
       .new_head = o.new_head,
       .adapter = o.adapter,
       .base_precision = o.base_precision,
       .seed = o.seed,
       .compute = tasks::compute_type(o.precision),
       .dropout = o.dropout,
       .attention_dropout = o.attention_dropout,
       .classifier_dropout = o.classifier_dropout,
       .encode = o.encode,
       .decoding = tasks::decoding_named(o.decoding),
       .max_length_given = o.max_length_is_a_demand,
       .pairs = tasks::pairs_of(task, train),
       .normalize = tasks::normalize_named(o.normalize),
       .device = &kernels});
}

// The splits of a run, encoded. dev and test may be missing.
struct Splits {
  Split train;
  std::optional<Split> dev, test;

  void let_go() const {
    for (const Split* split : {&train, dev_if_any(), test_if_any()})
      if (split) split->let_go();
  }
  const Split* dev_if_any() const { return dev ? &*dev : nullptr; }
  const Split* test_if_any() const { return test ? &*test : nullptr; }
};

Splits make_splits(const TrainOptions& o, Sources sources, const tasks::ModelBundle& bundle) {
  const auto corpus = sources.dev || sources.test ? encode_corpus(sources.train, bundle) : nullptr;
  Splits splits{.train = make_split("train", joined(o.train), std::move(sources.train), bundle), .dev = {}, .test = {}};
  if (sources.dev) splits.dev = make_split("dev", sources.dev_files, std::move(*sources.dev), bundle, corpus);
  if (sources.test)
    splits.test =
        make_split("test", o.test.empty() ? sources.dev_files : o.test, std::move(*sources.test), bundle, corpus);
  return splits;
}

data::DataReport profile(const Splits& splits, const tasks::ModelBundle& bundle) {
  std::vector<data::SplitInput> inputs{{"train", &splits.train.data, &splits.train.encoded}};
  if (splits.dev) inputs.push_back({"dev", &splits.dev->data, &splits.dev->encoded});
  if (splits.test) inputs.push_back({"test", &splits.test->data, &splits.test->encoded});
  return data::profile_data(inputs, bundle.task->data, bundle.encode.max_length);
}

// What makes the run repeatable: its options with what `auto` came to, which `--config` takes again, and where it ran.
void write_settings(TrainOptions options, const tasks::ModelBundle& bundle, int threads) {
  const fs::path out = options.out;
  options.precision = tensor::name(bundle.model->compute());
  options.loss = bundle.loss.text();
  options.encode = bundle.encode;
  OptionList list;
  options.visit(list);
  json resolved = list.to_json();
  resolved["resume"] = resolved["overwrite"] = false;
  write_file_atomically(out / kConfigFile, resolved.dump(2) + "\n");
  write_file_atomically(out / "environment.json", environment(threads).dump(2) + "\n");
}

void write_reports(const report::Report& report, const fs::path& out) {
  write_file_atomically(out / "report.json", report::json_text(report));
  write_file_atomically(out / "report.html", report::to_html(report));
  write_file_atomically(out / "report.txt", report::to_text(report));
}

bool wants_ladder(const TrainOptions& o, const tasks::Task& task, const Splits& splits) {
  return o.ladder && has_ladder(task) && (splits.dev || splits.test);
}

// A head start before the first step; after the last one the test split, and what the ladder reads and fits.
OtherWork other_work(const TrainOptions& o, const tasks::ModelBundle& bundle, const Splits& splits, bool at_the_start) {
  OtherWork work{.tokens = splits.test ? tokens_of(*splits.test) : 0};
  if (at_the_start && wants_head_start(o)) {
    const HeadStartCost cost = head_start_cost(bundle, splits.train);
    work.tokens += cost.tokens, work.seconds += cost.fit_seconds;
  }
  if (!wants_ladder(o, *bundle.task, splits)) return work;
  const bool thresholds = bundle.task->kind == tasks::TaskKind::multilabel && splits.dev && splits.test;
  work.tokens +=
      ladder_tokens(splits.train, thresholds ? &*splits.dev : nullptr, splits.test ? *splits.test : *splits.dev);
  work.seconds += ladder_fit_seconds(splits.train, bundle.logit_count(), bundle.model->config().hidden);
  return work;
}

// The rungs need the model as it stood before training, so it is opened once more.
std::optional<report::Ladder> make_ladder(const TrainOptions& o, kernels::Kernels& kernels, const Splits& splits,
                                          const Judged& judged, const tasks::Task& task, double seconds,
                                          Observer& observer) {
  if (!wants_ladder(o, task, splits)) return std::nullopt;
  observer.note(
      "measuring what less effort would give: majority class, n-grams, frozen encoder (--no-ladder leaves it out)");
  const tasks::ModelBundle untrained = open_model(o, task, splits.train.data, kernels);
  return judge_ladder(o, untrained, kernels, splits.train, splits.dev_if_any(), splits.test_if_any(), judged, seconds,
                      observer);
}

void add_facts(report::Report& report, const TrainOptions& o, const std::string& best_metric, const RunState& state,
               const RunPlan& plan, const std::string& loss) {
  const double rate = state.seconds > 0 ? static_cast<double>(state.tokens) / state.seconds : 0;
  report.facts.emplace_back("training",
                            fmt::format("{} steps, {:.1f} s, {:.0f} tokens/s", state.step, state.seconds, rate));
  if (state.head_start_seconds > 0)
    report.facts.emplace_back("last layer", fmt::format("began as a logistic regression on the untrained encoder, {}",
                                                        report::seconds(state.head_start_seconds)));
  if (keeps_best(o) && state.best_step >= 0) report.facts.emplace_back("state kept", kept_state(best_metric, state));
  report.facts.emplace_back("loss", loss);
  report.facts.emplace_back("precision", fmt::format("{}, {}", plan.precision, report::plural(plan.threads, "thread")));
}

// What the user should know before anything is trained.
void note_sources(const TrainOptions& o, const data::Dataset& train, const tasks::ModelBundle& bundle,
                  Observer& observer) {
  for (const auto& note : train.notes) observer.note(note);
  for (const auto& note : bundle.notes) observer.note(note);
  if (const std::string note = class_weights_note(o, bundle.loss.facts()); !note.empty()) observer.note(note);
  if (bundle.loss.reads_order())
    observer.note(fmt::format("the loss takes the labels in this order, lowest first: {} (another: --labels FILE)",
                              fmt::join(bundle.labels.names(), ", ")));
}

// The reports, and the model with its record: from here on the run is finished.
void keep_result(const TrainOptions& o, tasks::ModelBundle& bundle, const Splits& splits, const json& identity,
                 const RunState& state, const report::Report& report) {
  with_context([&] { return way_on(o.out); },
               [&] {
                 write_reports(report, o.out);
                 json record{{"attune", "0.1.0"},
                             {"identity", identity},
                             {"run", {{"steps", state.step}, {"seconds", state.seconds}}}};
                 record.update(judgement_record(report, splits.train, splits.dev_if_any(), splits.test_if_any()));
                 o.save_model ? tasks::save_bundle(bundle, o.out, std::move(record))
                              : tasks::write_record(bundle, o.out, std::move(record));
               });
  remove_last_checkpoint(o.out);
  drop_replaced_run(o);
}

// The same loss with a term that learns from a teacher.
std::string taught_by(const std::string& loss, losses::TargetKind kind) {
  switch (kind) {
    case losses::TargetKind::classes:
      return fmt::format("0.5*{} + 0.5*distill", loss);
    case losses::TargetKind::labels:
      return fmt::format("0.5*{} + 0.5*distill_labels", loss);
    case losses::TargetKind::scores:
      return fmt::format("0.5*{} + 0.5*distill_score", loss);
    case losses::TargetKind::embeddings:
      break;
  }
  return fmt::format("{} + 10*distill_hidden", loss);
}

// What a loss asks of the run.
void check_loss(const TrainOptions& o, const tasks::ModelBundle& bundle) {
  if (bundle.loss.depends_on_batch() && !bundle.loss.can_be_gathered() && o.micro_batch > 0)
    fail(ErrorKind::usage, "the loss '{}' runs a step's rows together; leave --micro-batch out", bundle.loss.text());
  if (bundle.loss.depends_on_batch() && o.per_example)
    fail(ErrorKind::usage,
         "--per-example: the loss '{}' depends on the whole batch; its rows have no cost of their own",
         bundle.loss.text());
  if (bundle.loss.reads_teacher() && o.teacher.empty())
    fail(ErrorKind::usage, "the loss '{}' learns from a teacher; name one: --teacher RUN", bundle.loss.text());
  if (!bundle.loss.reads_teacher() && !o.teacher.empty())
    fail(ErrorKind::usage, "--teacher: no term of the loss '{}' learns from it; add one, as in '{}'",
         bundle.loss.text(), taught_by(bundle.loss.text(), bundle.task->loss));
  const models::BertConfig& config = bundle.model->config();
  if (std::holds_alternative<losses::RDropOptions>(bundle.loss.strategy()) && config.hidden_dropout == 0 &&
      config.attention_dropout == 0 && config.classifier_dropout == 0)
    fail(ErrorKind::usage,
         "r_drop compares two passes under different dropout, and this model has none; give --dropout 0.1");
  if (std::holds_alternative<losses::FgmOptions>(bundle.loss.strategy()) &&
      (o.freeze_embeddings || o.freeze_layers > 0))
    fail(ErrorKind::usage, "fgm moves embeddings along their gradient, and frozen ones have none; leave {} out",
         o.freeze_layers > 0 ? "--freeze-layers" : "--freeze-embeddings");
}

RunResult trained(TrainOptions o, Observer& observer, RunTracking* tracking) {
  const tasks::Task& task = tasks::task_named(o.task);
  if (o.predictions && task.kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage, "--predictions: an embedding model labels no rows; leave it out");
  if (!o.adapter.empty()) peft::make_method(o.adapter);  // what is wrong with it is said before rows are read
  if (!o.lr_is_given) o.lr = tasks::usual_rate(o.model, o.adapter, o.lr);
  const ThreadChoice threads = choose_threads(o.threads);
  const auto device = kernels::cpu::make_kernels(threads.threads);
  std::optional<StepProfiler> profiler;
  if (wants_profile(o)) profiler.emplace(*device, !o.profile_trace.empty());
  kernels::Kernels& kernels = profiler ? profiler->kernels() : *device;

  Sources sources = read_sources(o, task.data, scratch_folder_for(o.out), observer);
  tasks::ModelBundle bundle = open_model(o, task, sources.train, kernels);
  note_sources(o, sources.train, bundle, observer);
  check_loss(o, bundle);
  check_head_start(o, bundle);
  check_correction(o, bundle, sources.dev.has_value());
  Splits splits = make_splits(o, std::move(sources), bundle);
  if (!o.teacher.empty()) {
    splits.train.teacher =
        TeacherAnswers::ask(o.teacher, bundle, kernels, splits.train.data, scratch_folder_for(o.out), observer);
    if (!splits.train.teacher) return {.state = RunResult::State::interrupted};
  }
  const data::DataReport profiled = profile(splits, bundle);
  splits.let_go();
  const char* precision = tensor::name(bundle.model->compute());

  // Everything that can be wrong is found before the folder is touched.
  auto trainer = std::make_unique<Trainer>(o, bundle, kernels, splits.train, splits.dev_if_any(), observer);
  if (profiler) trainer->tell(*profiler);
  trainer->fit_memory();
  if (tracking) trainer->tell(*tracking);
  const json identity = run_identity(o, fingerprint_sources(o), model_fingerprint(bundle.source.string()), precision);
  make_run_folder(o);
  if (o.resume) trainer->resume(identity);
  write_settings(o, bundle, threads.threads);
  observer.data_report(data::to_text(profiled));
  RunPlan plan = trainer->plan(other_work(o, bundle, splits, trainer->at_the_start()));
  plan.precision = precision, plan.base = bundle.base ? bundle.base->held_in : "";
  plan.threads = threads.threads, plan.threads_reason = threads.reason;
  observer.planned(plan);
  if (tracking)
    tracking->begin(
        {.bundle = bundle, .identity = identity, .steps = trainer->steps(), .after_step = trainer->steps_taken()});

  const Outcome outcome = trainer->run(identity);
  if (tracking) tracking->trained(outcome.state.step, outcome.state.seconds);
  trainer.reset();  // moments and activations make room for what follows
  RunResult result{.state = RunResult::State::interrupted};
  if (profiler) result.profile = write_profile(o, *profiler);
  if (outcome.interrupted) return result;

  report::Report report = base_report(bundle, o.model);
  report.show_texts = o.report_text;
  report.data_json = data::to_json(profiled).dump();
  report.data_text = data::to_text(profiled);
  if (!o.correct_for.empty()) {
    observer.note("fitting corrections on dev");
    const auto done =
        correct_model(o, bundle, kernels, splits.train, *splits.dev, [&] { return observer.stop_requested(); });
    if (!done) return result;
    report.facts.emplace_back("correction", *done);
  }
  const auto judged =
      judge_splits(report, bundle, kernels, o, splits.dev_if_any(), splits.test_if_any(), observer, tracking);
  if (!judged) return result;
  report.routing = route_splits(*judged);
  report.ladder = make_ladder(o, kernels, splits, *judged, task,
                              outcome.state.seconds + outcome.state.head_start_seconds, observer);
  if (report.ladder)
    if (std::string hint = head_start_hint(o, bundle, *report.ladder); !hint.empty())
      report.notes.push_back(std::move(hint));
  read_curve(report, fs::path(o.out) / "metrics.jsonl", report::headline_metric(report));
  add_facts(report, o, best_metric_of(o, bundle, splits.dev_if_any()), outcome.state, plan, bundle.loss.text());
  keep_result(o, bundle, splits, identity, outcome.state, report);
  result.state = RunResult::State::finished;
  result.report = std::move(report);
  return result;
}

}  // namespace

RunResult run_training(TrainOptions o, Observer& observer) {
  if (check_run_folder(o)) {
    drop_replaced_run(o);  // where the run was killed before it could
    remove_last_checkpoint(o.out);
    return {.state = RunResult::State::was_finished};
  }
  check_profile_trace(o);
  const auto tracking = RunTracking::make(o, observer);
  try {
    RunResult result = trained(o, observer, tracking.get());
    if (tracking)
      tracking->end(result.state == RunResult::State::finished ? track::EndState::finished
                                                               : track::EndState::interrupted);
    return result;
  } catch (Error& error) {
    if (tracking) tracking->fail_with(error.message());
    if (fs::exists(replaced_run(o)))
      error.add(fmt::format("the run that --overwrite was to replace is kept in {}", replaced_run(o).string()));
    throw;
  }
}

}  // namespace attune::train
