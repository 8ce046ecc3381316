#include "attune/train/run_evaluation.h"

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/base/scratch_file.h"
#include "attune/train/ladder.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_record.h"
#include "attune/train/run_report.h"
#include "attune/train/run_sources.h"

namespace attune::train {
namespace {

report::Routing routing_of(const RunRecord& run, const tasks::Evaluation& evaluation, const Split& split,
                           const std::string& fingerprint) {
  if (!run.routing)
    return {.table = metrics::route(evaluation.classes, evaluation.classes),
            .chosen_on = split.name,
            .judged_on = split.name};
  report::Routing routing{.table = metrics::apply_routing(run.routing->table, evaluation.classes),
                          .chosen_on = "the run's " + run.routing->chosen_on + " rows",
                          .judged_on = split.name};
  routing.table.same_rows = run.is_split(run.routing->chosen_on, fingerprint);
  return routing;
}

// The run's options, with the files that a ladder does not need left out: it wants the training rows as they were, and
// dev only where a multi-label task's thresholds are chosen there.
TrainOptions options_of_run(const tasks::ModelBundle& bundle) {
  const fs::path path = bundle.source / kConfigFile;
  TrainOptions o;
  OptionList list;
  o.visit(list);
  list.set_from_json(parse_json(read_file(path), path.string(), ErrorKind::usage), path.string());
  if (o.dev.empty() && o.test.empty()) return o;  // dev was held out of the training rows
  if (o.dev.empty() || bundle.task->kind != tasks::TaskKind::multilabel) o.dev = "none";
  o.test.clear();
  return o;
}

report::Ladder fit_ladder(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& judged,
                          const RunRecord& run, const EvaluationOptions& options, Observer& observer) {
  const TrainOptions o = options_of_run(bundle);
  Observer silent;  // what is held out was said when the run began
  Sources sources = read_sources(o, bundle.task->data, system_scratch_folder(), silent);
  if (!run.is_split("train", rows_fingerprint(sources.train)))
    fail(ErrorKind::usage, "{} does not hold the rows that the model was trained on any more; restore it",
         joined(o.train));
  // A new head: the rungs read hidden states only, and labels must be numbered as the fine-tuned model numbers them.
  const tasks::ModelBundle untrained = tasks::open_for_training({.model = o.model,
                                                                 .task = bundle.task,
                                                                 .data_labels = bundle.labels.names(),
                                                                 .labels_file = "",
                                                                 .new_head = true,
                                                                 .compute = bundle.model->compute(),
                                                                 .dropout = {},
                                                                 .attention_dropout = {},
                                                                 .classifier_dropout = {},
                                                                 .encode = bundle.encode});
  const auto identity = bundle.record.find("identity");
  if (identity != bundle.record.end() && identity->contains("model_sha256") &&
      (*identity)["model_sha256"] != model_fingerprint(untrained.source.string()))
    fail(ErrorKind::usage, "the model {} is not the one that the run began with any more; restore it",
         untrained.source.string());
  observer.note("measuring what less effort would give: majority class, n-grams, frozen encoder");
  const Split train = make_split("train", joined(o.train), std::move(sources.train), untrained);
  std::optional<Split> dev;
  if (sources.dev && bundle.task->kind == tasks::TaskKind::multilabel)
    dev = make_split("dev", sources.dev_files, std::move(*sources.dev), untrained);
  return climb({.untrained = untrained,
                .kernels = kernels,
                .train = train,
                .dev = dev ? &*dev : nullptr,
                .judged = judged,
                .seed = o.seed,
                .batch_size = options.batch_size,
                .bootstrap = options.bootstrap,
                .stop = [&] { return observer.stop_requested(); }});
}

// The run's ladder for these rows, one fitted anew, or none and a note.
std::optional<report::Ladder> ladder_of(report::Report& report, const tasks::ModelBundle& bundle,
                                        kernels::Kernels& kernels, const Split& split, const RunRecord& run,
                                        const std::string& fingerprint, const EvaluationOptions& options,
                                        Observer& observer) {
  if (run.ladder && run.is_split(run.ladder->split, fingerprint)) {
    report::Ladder ladder = *run.ladder;
    ladder.split = split.name;
    return ladder;
  }
  if (options.ladder)
    return with_context(
        [&] {
          return fmt::format(
              "--ladder needs what the model was trained on, as {} names it (from the folder that "
              "`attune train` ran in); without --ladder the model is judged alone",
              (bundle.source / kConfigFile).string());
        },
        [&] { return fit_ladder(bundle, kernels, split, run, options, observer); });
  report.notes.push_back(run.ladder ? "The run's ladder was measured on other rows; --ladder measures it on these."
                                    : "The run has no ladder; --ladder measures what less effort gives on these rows.");
  return std::nullopt;
}

void check_ladder(const tasks::ModelBundle& bundle, const RunRecord& run, const std::string& model) {
  if (!has_ladder(*bundle.task))
    fail(ErrorKind::usage, "--ladder: the task '{}' has no ladder; classify and multilabel have", bundle.task->name);
  if (!run.trained || !fs::exists(bundle.source / kConfigFile))
    fail(
        ErrorKind::usage,
        "--ladder: {} is not a finished run of `attune train` (its attune.json or {} is missing), so its training rows "
        "and the model before training are not known; leave --ladder out",
        model, kConfigFile);
}

}  // namespace

report::Report judge_model(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& split,
                           const EvaluationOptions& options, Observer& observer) {
  const RunRecord run = read_run_record(bundle);
  if (options.ladder) check_ladder(bundle, run, options.model);
  const auto evaluation = evaluate(bundle, kernels, split,
                                   {.batch_size = options.batch_size,
                                    .bootstrap = options.bootstrap,
                                    .scorer = {.thresholds = bundle.thresholds, .decoding = bundle.decoding},
                                    .see = options.see});
  const std::string fingerprint = rows_fingerprint(split.data);
  report::Report report = base_report(bundle, options.model);
  report.show_texts = options.report_text;
  report.splits.push_back(report_split(bundle, split, *evaluation, options.report_text));
  report.splits.back().thresholds_chosen_here = !bundle.thresholds.empty() && run.is_split("dev", fingerprint);
  for (const auto& note : split.data.notes) report.notes.push_back(note);
  if (run.is_split("train", fingerprint))
    report.notes.emplace_back("The model was trained on these very rows: the figures say little about other ones.");

  if (!evaluation->classes.empty()) report.routing = routing_of(run, *evaluation, split, fingerprint);
  if (has_ladder(*bundle.task)) {
    if (run.trained)
      report.ladder = ladder_of(report, bundle, kernels, split, run, fingerprint, options, observer);
    else
      report.notes.emplace_back(
          "No ladder: the folder is not a run of `attune train`, so its training rows are not known.");
    if (report.ladder) report.ladder->rows.push_back(fine_tuned_rung(*report.ladder, *evaluation, run.seconds));
  }
  const fs::path log = bundle.source / "metrics.jsonl";
  if (run.trained && fs::exists(log)) read_curve(report, log, report::headline_metric(report));

  report.facts.emplace_back("loss", bundle.loss.text());
  report.facts.emplace_back("evaluation", fmt::format("{} tokens, {:.2f} s", evaluation->tokens, evaluation->seconds));
  return report;
}

}  // namespace attune::train
