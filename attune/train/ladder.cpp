#include "attune/train/ladder.h"

#include <cmath>

#include "attune/baselines/dense_features.h"
#include "attune/baselines/hashed_ngrams.h"
#include "attune/baselines/logistic_regression.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/train/clock.h"
#include "attune/train/ladder_search.h"
#include "attune/train/mean_states.h"

namespace attune::train {
namespace {

// What the logits of a linear model may take, in floats; n-grams beyond it are the rarest.
constexpr int64_t kMostWeights = 1 << 23;

baselines::ClassTargets class_targets(const tasks::Task& task, int64_t classes, const Split& split,
                                      std::span<const int32_t> rows) {
  baselines::ClassTargets targets{.classes = classes, .exclusive = task.kind == tasks::TaskKind::classify};
  for (const int32_t row : rows) targets.add(split.targets.labels(row));
  return targets;
}

std::vector<int32_t> all_rows(const Split& split) {
  return spread_rows(split, split.rows());
}

std::vector<baselines::TextPair> texts_of(const Split& split, std::span<const int32_t> rows) {
  std::vector<baselines::TextPair> texts;
  texts.reserve(rows.size());
  for (const int32_t row : rows) {
    const data::ExampleView example = split.data.examples.view(static_cast<size_t>(row));
    texts.push_back({example.text, example.text_pair});
  }
  return texts;
}

std::vector<float> encode_means(const LadderInputs& in, const Split& split, std::span<const int32_t> rows) {
  return *mean_states(*in.untrained.model, in.kernels, split, rows, {.batch_size = in.batch_size});
}

// Logits for all rows of a split.
using Logits = std::function<std::vector<float>(const Split&)>;

class Rungs {
 public:
  explicit Rungs(const LadderInputs& in) : in_(in), classes_(in.untrained.logit_count()) {
    ladder_.metric = metrics::default_best_metric(in.untrained.task->name);
    ladder_.split = in.judged.name;
  }

  void majority() {
    const auto start = Clock::now();
    const bool exclusive = in_.untrained.task->kind == tasks::TaskKind::classify;
    std::vector<float> prior;
    for (const int64_t count : in_.train.targets.counts(static_cast<int>(classes_))) {
      // Half a row more on each side: a label that never or always occurs has a finite logit.
      const double yes = static_cast<double>(count) + 0.5;
      const double no = static_cast<double>(in_.train.rows() - count) + 0.5;
      prior.push_back(static_cast<float>(exclusive ? std::log(yes) : std::log(yes / no)));
    }
    judge(exclusive ? "majority class" : "label frequencies", start, [&](const Split& split) {
      std::vector<float> logits;
      for (int64_t row = 0; row < split.rows(); ++row) logits.insert(logits.end(), prior.begin(), prior.end());
      return logits;
    });
  }

  void ngrams() {
    const auto start = Clock::now();
    const std::vector<int32_t> rows = spread_rows(in_.train, kLadderNgramRows);
    const auto texts = texts_of(in_.train, rows);
    const baselines::HashedNgrams ngrams(texts, kMostWeights / classes_);
    const auto features = ngrams.features(texts, in_.kernels.threads());
    const auto fitted = baselines::fit_with_chosen_penalty(features, targets(rows), in_.seed);
    judge(name_of("hashed n-grams", rows), start, [&](const Split& split) {
      return fitted.model.logits(ngrams.features(texts_of(split, all_rows(split)), in_.kernels.threads()));
    });
  }

  void frozen_encoder() {
    const auto start = Clock::now();
    const std::vector<int32_t> rows = spread_rows(in_.train, kLadderEncoderRows);
    const int64_t width = in_.untrained.model->config().hidden;
    std::vector<float> means = encode_means(in_, in_.train, rows);
    const baselines::Standardizer standardizer(means, width);
    const auto features = [&](std::vector<float> values) {
      standardizer.apply(values);
      return baselines::DenseFeatures(std::move(values), width, in_.kernels.threads());
    };
    const auto fitted = baselines::fit_with_chosen_penalty(features(std::move(means)), targets(rows), in_.seed);
    judge(name_of(kFrozenEncoderRung, rows), start,
          [&](const Split& split) { return fitted.model.logits(features(encode_means(in_, split, all_rows(split)))); });
  }

  report::Ladder take() { return std::move(ladder_); }

 private:
  std::string name_of(std::string_view features, const std::vector<int32_t>& rows) const {
    std::string name = fmt::format("{} + logistic regression", features);
    if (std::ssize(rows) < in_.train.rows())
      name += fmt::format(" ({} of {} rows)", report::count(std::ssize(rows)), report::count(in_.train.rows()));
    return name;
  }
  baselines::ClassTargets targets(const std::vector<int32_t>& rows) const {
    return class_targets(*in_.untrained.task, classes_, in_.train, rows);
  }

  tasks::Evaluation score(const Split& split, const Logits& logits_of, const tasks::ScorerOptions& options) const {
    const auto scorer = tasks::make_scorer(*in_.untrained.task, in_.untrained.labels, split.targets, options);
    const std::vector<float> logits = logits_of(split);
    const auto k = static_cast<size_t>(classes_);
    for (int64_t row = 0; row < split.rows(); ++row)
      scorer->add(static_cast<int32_t>(row), {}, std::span(logits).subspan(static_cast<size_t>(row) * k, k));
    return scorer->finish(in_.bootstrap);
  }

  // A multi-label rung chooses its thresholds on dev, as the model does.
  void judge(const std::string& name, Clock::time_point start, const Logits& logits_of) {
    tasks::ScorerOptions options;
    if (in_.dev && in_.untrained.task->kind == tasks::TaskKind::multilabel)
      options.thresholds = score(*in_.dev, logits_of, {.thresholds = {}, .choose_thresholds = true}).thresholds;
    const tasks::Evaluation evaluation = score(in_.judged, logits_of, options);
    ladder_.rows.push_back(rung(name, ladder_.metric, evaluation, seconds_since(start)));
  }

  const LadderInputs& in_;
  int64_t classes_;
  report::Ladder ladder_;
};

}  // namespace

bool has_ladder(const tasks::Task& task) {
  return task.kind == tasks::TaskKind::classify || task.kind == tasks::TaskKind::multilabel ||
         task.kind == tasks::TaskKind::embed;
}

int64_t ladder_tokens(const Split& train, const Split* dev, const Split& judged) {
  if (judged.targets.shape() != data::TextShape::none) return tokens_of(judged);
  int64_t tokens = tokens_of(judged) + (dev ? tokens_of(*dev) : 0);
  for (const int32_t row : spread_rows(train, kLadderEncoderRows)) tokens += tokens_of(train, row);
  return tokens;
}

double ladder_fit_seconds(const Split& train, int64_t outputs, int64_t hidden) {
  if (train.targets.shape() != data::TextShape::none) return 0;
  // Between what BANKING77 (0.6e-6), CLINC150 (1.4e-6) and GoEmotions (1.7e-6) take a word and label on two cores: how
  // many passes a fit needs is not known beforehand.
  constexpr double kSparseSeconds = 0.8e-6;
  const double words = static_cast<double>(tokens_of(train) - 2 * train.rows());
  const auto rows = static_cast<double>(std::min(train.rows(), kLadderEncoderRows)), k = static_cast<double>(outputs);
  return kSparseSeconds * 2 * words * k + baselines::kDenseFitSeconds * rows * static_cast<double>(hidden) * k;
}

report::Ladder climb(const LadderInputs& inputs) {
  if (inputs.untrained.task->kind == tasks::TaskKind::embed) return climb_search(inputs);
  Rungs rungs(inputs);
  for (const auto rung : {&Rungs::majority, &Rungs::ngrams, &Rungs::frozen_encoder}) {
    if (inputs.stop && inputs.stop()) break;
    (rungs.*rung)();
  }
  return rungs.take();
}

report::LadderRow rung(std::string name, const std::string& metric, const tasks::Evaluation& evaluation,
                       double seconds) {
  const metrics::Score* found = evaluation.scores.find(metric);
  return {.name = std::move(name),
          .score = found ? found->value : metrics::kUndefined,
          .interval = found ? found->interval : std::nullopt,
          .seconds = seconds,
          .correct = metrics::correct_rows(evaluation.classes)};
}

report::LadderRow fine_tuned_rung(const report::Ladder& ladder, const tasks::Evaluation& evaluation, double seconds) {
  report::LadderRow row = rung("fine-tuned", ladder.metric, evaluation, seconds);
  row.fine_tuned = true;
  return row;
}

}  // namespace attune::train
