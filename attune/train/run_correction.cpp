#include "attune/train/run_correction.h"

#include <algorithm>
#include <cmath>

#include "attune/metrics/catalog.h"
#include "attune/metrics/correction.h"
#include "attune/metrics/tagging.h"
#include "attune/nn/parameter.h"
#include "attune/tasks/tag_decoder.h"
#include "attune/tensor/transfer.h"

namespace attune::train {
namespace {

using tasks::TaskKind;

// y = scale * (W x + b) + offset, written into W and b.
void rewrite_last_layer(nn::Parameters& parameters, double scale, const std::vector<double>& offset) {
  nn::Parameter* weight = parameters.find("classifier.weight");
  nn::Parameter* bias = parameters.find("classifier.bias");
  ATTUNE_CHECK(weight && bias, "a model without a last layer");
  tensor::Memory& memory = parameters.memory();
  const auto rewrite = [&](nn::Parameter& parameter, const auto& value) {
    const tensor::OnHost<float> old(memory, parameter.value);
    const std::vector<float> values(old.values().begin(), old.values().end());
    tensor::write_from_host<float>(memory, parameter.value, [&](std::span<float> to) {
      for (size_t i = 0; i < values.size(); ++i) to[i] = static_cast<float>(value(static_cast<double>(values[i]), i));
    });
  };
  rewrite(*weight, [&](double w, size_t) { return scale * w; });
  rewrite(*bias, [&](double b, size_t k) { return scale * b + (offset.empty() ? 0 : offset[k]); });
  parameters.refresh_twins();
}

metrics::Correction fitted(const TrainOptions& o, const tasks::ModelBundle& bundle, const Split& train,
                           const Split& dev, const std::vector<double>& logits) {
  const auto k = static_cast<size_t>(bundle.logit_count());
  if (bundle.task->kind == TaskKind::regress) {
    metrics::ScoreAnswers answers{.predicted = logits, .gold = {}};
    for (int64_t row = 0; row < dev.rows(); ++row) answers.gold.push_back(static_cast<double>(dev.targets.score(row)));
    return metrics::fit_correction(o.correct_for, answers);
  }
  if (bundle.task->kind == TaskKind::multilabel) {
    metrics::LabelAnswers answers{.labels = static_cast<int>(k), .logits = logits, .gold = {}};
    answers.gold.assign(logits.size(), 0);
    for (int64_t row = 0; row < dev.rows(); ++row)
      for (const int32_t label : dev.targets.labels(row))
        answers.gold[static_cast<size_t>(row) * k + static_cast<size_t>(label)] = 1;
    return metrics::fit_correction(o.correct_for, answers);
  }
  metrics::ClassAnswers answers{.classes = static_cast<int>(k), .logits = logits, .gold = {}, .prior = {}};
  for (int64_t row = 0; row < dev.rows(); ++row) answers.gold.push_back(dev.targets.labels(row)[0]);
  for (const int64_t count : train.targets.counts(static_cast<int>(k)))
    answers.prior.push_back(static_cast<double>(count));
  return metrics::fit_correction(o.correct_for, answers);
}

// A sentence's answers, to be decoded again.
struct Sentence {
  int32_t row;
  std::vector<data::LabelPlace> places;
  std::vector<float> logits;
};

metrics::Correction fitted_to_tags(const TrainOptions& o, const tasks::ModelBundle& bundle, const Split& dev,
                                   const std::vector<Sentence>& sentences) {
  const int outside = bundle.labels.find(metrics::kOutside);
  if (outside < 0) return {};
  const tasks::TagDecoder decoder(bundle.labels.names(), bundle.decoding, bundle.loss.chain());
  return metrics::fit_outside(o.correct_for, [&](const auto& cuts) {
    int64_t count = 0;
    for (size_t i = 0; i < sentences.size(); ++i) count += cuts[i % metrics::kCorrectionFolds].has_value();
    metrics::TaggingMeter meter(bundle.labels.names(), count);
    int64_t place = 0;
    for (size_t i = 0; i < sentences.size(); ++i) {
      const auto& cut = cuts[i % metrics::kCorrectionFolds];
      if (!cut) continue;
      std::vector<float> logits = sentences[i].logits;
      for (size_t at = static_cast<size_t>(outside); at < logits.size();
           at += static_cast<size_t>(bundle.logit_count()))
        logits[at] -= static_cast<float>(*cut);
      const std::span<const int32_t> gold = dev.targets.labels(sentences[i].row);
      meter.add(place++, gold, decoder.decode(gold.size(), sentences[i].places, logits).labels);
    }
    return metrics::evaluate(metrics::TaggingStatistics(meter)).value(o.correct_for);
  });
}

void write(tasks::ModelBundle& bundle, const metrics::Correction& correction) {
  if (bundle.task->kind == TaskKind::multilabel) {
    bundle.thresholds.clear();
    for (const double cut : correction.shift) bundle.thresholds.push_back(1 / (1 + std::exp(-cut)));
    return;
  }
  if (bundle.task->kind == TaskKind::regress)
    return rewrite_last_layer(bundle.model->parameters(), correction.slope, {correction.offset});
  std::vector<double> offset;
  if (bundle.task->kind == TaskKind::tag) {
    offset.assign(static_cast<size_t>(bundle.labels.size()), 0);
    offset[static_cast<size_t>(bundle.labels.find(metrics::kOutside))] = -correction.outside;
  }
  for (const double shift : correction.shift) offset.push_back(-shift);
  rewrite_last_layer(bundle.model->parameters(), 1 / correction.temperature, offset);
}

}  // namespace

void check_correction(const TrainOptions& o, const tasks::ModelBundle& bundle, bool has_dev) {
  if (o.correct_for.empty()) return;
  metrics::metric_info(o.correct_for);
  const std::vector<std::string> served = metrics::corrected_metrics(bundle.task->name);
  if (served.empty())
    fail(ErrorKind::usage, "--correct-for: the task {} has no corrections; leave it out", bundle.task->name);
  if (!metrics::is_corrected(o.correct_for, bundle.task->name))
    fail(ErrorKind::usage, "--correct-for {}: no correction serves it in the task {}; those with one: {}",
         o.correct_for, bundle.task->name, fmt::join(served, ", "));
  if (!has_dev) fail(ErrorKind::usage, "--correct-for fits on dev rows, and there are none; give --dev FILE");
  if (bundle.task->kind != TaskKind::multilabel && (bundle.loss.link() || bundle.loss.cosine_head() > 0))
    fail(ErrorKind::usage,
         "--correct-for is written into a plain last layer; that of the loss '{}' is read in another way: leave it out",
         bundle.loss.text());
}

std::optional<std::string> correct_model(const TrainOptions& o, tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                                         const Split& train, const Split& dev, const std::function<bool()>& stop) {
  const bool tags = bundle.task->kind == TaskKind::tag;
  std::vector<double> logits;
  std::vector<Sentence> sentences;
  const SeeRow see = [&](int32_t row, std::span<const data::LabelPlace> places, std::span<const float> own) {
    if (tags)
      sentences.push_back({row, {places.begin(), places.end()}, {own.begin(), own.end()}});
    else
      logits.insert(logits.end(), own.begin(), own.end());
  };
  const auto evaluation = evaluate(bundle, kernels, dev, {.batch_size = o.eval_batch_size, .see = see, .stop = stop});
  if (!evaluation) return std::nullopt;
  const metrics::Correction correction =
      tags ? fitted_to_tags(o, bundle, dev, sentences) : fitted(o, bundle, train, dev, logits);
  if (bundle.task->kind == TaskKind::multilabel) bundle.thresholds.clear();
  if (!correction.helps()) return "none helps on dev";
  write(bundle, correction);
  return correction.text + ", fitted on dev";
}

}  // namespace attune::train
