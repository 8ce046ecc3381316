#include "attune/train/run_judgement.h"

#include "attune/metrics/routing.h"
#include "attune/train/ladder.h"
#include "attune/train/prediction_writer.h"
#include "attune/train/run_report.h"
#include "attune/train/run_tracking.h"

namespace attune::train {

fs::path predictions_file(const TrainOptions& options, const std::string& split) {
  return fs::path(options.out) / "predictions" / (split + ".jsonl");
}

std::optional<Judged> judge_splits(report::Report& report, tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                                   const TrainOptions& o, const Split* dev, const Split* test, Observer& observer,
                                   RunTracking* tracking) {
  EvaluateOptions options{.batch_size = o.eval_batch_size,
                          .bootstrap = {.draws = static_cast<int>(o.bootstrap), .seed = o.seed},
                          .scorer = {.decoding = bundle.decoding},
                          .stop = [&] { return observer.stop_requested(); }};
  // Evaluates, and leaves the rows' predictions where they are asked for.
  const auto evaluated = [&](const Split& split) {
    std::optional<PredictionWriter> predictions;
    // A run that keeps no model is one of a choice, which corrects its answers.
    if (o.predictions) predictions.emplace(predictions_file(o, split.name), bundle, split, !o.save_model);
    options.see = predictions ? predictions->see() : SeeRow{};
    std::optional<SplitCurves> curves;
    if (tracking) options.see = curves.emplace(split, bundle).see(std::move(options.see));
    auto evaluation = evaluate(bundle, kernels, split, options);
    if (evaluation && predictions) predictions->commit();
    if (evaluation && tracking) tracking->judged(*evaluation, *curves);
    return evaluation;
  };
  if (o.predictions) fs::create_directories(predictions_file(o, "dev").parent_path());
  Judged judged;
  if (dev) {
    // Cuts that --correct-for fitted stay.
    options.scorer.choose_thresholds = bundle.task->kind == tasks::TaskKind::multilabel && o.correct_for.empty();
    if (!options.scorer.choose_thresholds) options.scorer.thresholds = bundle.thresholds;
    judged.dev = evaluated(*dev);
    if (!judged.dev) return std::nullopt;
    if (options.scorer.choose_thresholds) bundle.thresholds = judged.dev->thresholds;
    report.splits.push_back(report_split(bundle, *dev, *judged.dev, o.report_text));
    report.splits.back().thresholds_chosen_here = options.scorer.choose_thresholds;
  }
  if (test) {
    options.scorer = {.thresholds = bundle.thresholds, .decoding = bundle.decoding};
    judged.test = evaluated(*test);
    if (!judged.test) return std::nullopt;
    report.splits.push_back(report_split(bundle, *test, *judged.test, o.report_text));
  }
  return judged;
}

std::optional<report::Routing> route_splits(const Judged& judged) {
  const tasks::Evaluation* chosen = judged.dev ? &*judged.dev : judged.test ? &*judged.test : nullptr;
  const tasks::Evaluation* on = judged.test ? &*judged.test : chosen;
  if (!on || on->classes.empty()) return std::nullopt;
  report::Routing routing{.table = metrics::route(chosen->classes, on->classes),
                          .chosen_on = judged.dev ? "dev" : "test",
                          .judged_on = judged.test ? "test" : "dev"};
  routing.table.same_rows = chosen == on;
  return routing;
}

std::optional<report::Ladder> judge_ladder(const TrainOptions& o, const tasks::ModelBundle& untrained,
                                           kernels::Kernels& kernels, const Split& train, const Split* dev,
                                           const Split* test, const Judged& judged, double seconds,
                                           Observer& observer) {
  const metrics::BootstrapOptions bootstrap{.draws = static_cast<int>(o.bootstrap), .seed = o.seed};
  report::Ladder ladder = climb({.untrained = untrained,
                                 .kernels = kernels,
                                 .train = train,
                                 .dev = dev,
                                 .judged = test ? *test : *dev,
                                 .seed = o.seed,
                                 .batch_size = o.eval_batch_size,
                                 .bootstrap = bootstrap,
                                 .stop = [&] { return observer.stop_requested(); }});
  ladder.rows.push_back(fine_tuned_rung(ladder, test ? *judged.test : *judged.dev, seconds));
  return ladder;
}

}  // namespace attune::train
