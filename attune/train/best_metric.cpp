#include "attune/train/best_metric.h"

#include <algorithm>
#include <fmt/ranges.h>

#include "attune/base/rng.h"
#include "attune/base/suggest.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/entities.h"
#include "attune/tasks/scorer.h"

namespace attune::train {
namespace {

std::string default_metric(const tasks::ModelBundle& bundle, const Split* dev) {
  if (bundle.task->kind == tasks::TaskKind::tag && !metrics::TagScheme(bundle.labels.names()).has_entities())
    return "token_accuracy";
  return tasks::default_metric(*bundle.task, dev ? dev->targets.shape() : data::TextShape::none);
}

// What a model that answers at random would score: which metrics have a value depends on labels and rows alone.
metrics::Scores random_scores(const tasks::ModelBundle& bundle, const Split& dev) {
  const auto scorer = tasks::make_scorer(*bundle.task, bundle.labels, dev.targets, {.width = bundle.logit_count()});
  const bool tagging = bundle.task->kind == tasks::TaskKind::tag;
  std::vector<float> logits;
  std::vector<data::LabelPlace> places;
  for (int32_t row = 0; row < dev.rows(); ++row) {
    places.clear();
    for (int64_t s = dev.encoded.first_sequence(row); s < dev.encoded.first_sequence(row + 1); ++s)
      places.insert(places.end(), dev.encoded.at(s).places.begin(), dev.encoded.at(s).places.end());
    logits.clear();
    const auto values = static_cast<size_t>(reads_of(dev, row, tagging) * bundle.logit_count());
    for (uint32_t i = 0; i < values; ++i) logits.push_back(random_unit(mix64(static_cast<uint64_t>(row)), i) - 0.5f);
    scorer->add(row, places, logits);
  }
  return scorer->finish({.draws = 0}).scores;
}

}  // namespace

std::string best_metric_of(const TrainOptions& options, const tasks::ModelBundle& bundle, const Split* dev) {
  const std::string metric = options.best_metric.empty() ? default_metric(bundle, dev) : options.best_metric;
  if (!keeps_best(options)) return metric;
  const char* asked = options.best_metric.empty() ? "--early-stopping" : "--best-metric";
  if (!dev)
    fail(ErrorKind::usage, "{} judges by dev rows, and this run has none; give --dev FILE, or leave {} out", asked,
         asked);
  const auto known = metrics::metric_names(bundle.task->name);
  if (std::find(known.begin(), known.end(), metric) == known.end())
    fail(ErrorKind::usage, "--best-metric '{}' is not a metric of the task {}{}; it has {}", metric, bundle.task->name,
         did_you_mean(metric, known), fmt::join(known, ", "));
  if (metric == "loss") return metric;
  const metrics::Scores scores = random_scores(bundle, *dev);
  if (const metrics::Score* found = scores.find(metric); found && found->defined()) return metric;
  std::vector<std::string> usable{"loss"};
  for (const auto& score : scores)
    if (score.defined()) usable.push_back(score.name);
  fail(ErrorKind::usage, "{}: '{}' has no value for these {} labels and the rows of {}; give --best-metric one of {}",
       asked, metric, bundle.labels.size(), dev->files, fmt::join(usable, ", "));
}

}  // namespace attune::train
