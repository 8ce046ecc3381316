#include "attune/tasks/scorer.h"

#include <algorithm>
#include <cmath>

#include "attune/metrics/thresholds.h"

namespace attune::tasks {
namespace {

class ClassifyScorer final : public Scorer {
 public:
  ClassifyScorer(int classes, const TargetTable& targets) : targets_(targets), meter_(classes, targets.rows()) {}
  void add(int32_t row, std::span<const int32_t>, std::span<const float> logits) override {
    meter_.add(row, targets_.labels(row)[0], logits);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation;
    auto result = metrics::summarize(meter_.records(), meter_.classes(), bootstrap);
    evaluation.scores = result.scores;
    evaluation.classes = meter_.records();
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  const TargetTable& targets_;
  metrics::ClassificationMeter meter_;
};

class MultiLabelScorer final : public Scorer {
 public:
  MultiLabelScorer(int labels, const TargetTable& targets, const ScorerOptions& options)
      : targets_(targets), options_(options), meter_(labels, targets.rows()), gold_(static_cast<size_t>(labels)) {}
  void add(int32_t row, std::span<const int32_t>, std::span<const float> logits) override {
    std::fill(gold_.begin(), gold_.end(), uint8_t{0});
    for (const int32_t label : targets_.labels(row)) gold_[label] = 1;
    meter_.add(row, gold_, logits);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation;
    evaluation.thresholds = options_.choose_thresholds ? metrics::best_f1_thresholds(meter_) : options_.thresholds;
    auto result = metrics::summarize(meter_, evaluation.thresholds, bootstrap);
    evaluation.scores = result.scores;
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  const TargetTable& targets_;
  ScorerOptions options_;
  metrics::MultiLabelMeter meter_;
  std::vector<uint8_t> gold_;
};

class RegressScorer final : public Scorer {
 public:
  explicit RegressScorer(const TargetTable& targets) : targets_(targets), meter_(targets.rows()) {}
  void add(int32_t row, std::span<const int32_t>, std::span<const float> logits) override {
    meter_.add(row, targets_.score(row), logits[0]);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation;
    auto result = metrics::summarize(meter_.records(), bootstrap);
    evaluation.scores = result.scores;
    evaluation.scored = meter_.records();
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  const TargetTable& targets_;
  metrics::RegressionMeter meter_;
};

// A row's words may come in several windows; a word that no window answers for (cut off, or no piece of the vocabulary) keeps -1,
// which the metrics read as O.
class TagScorer final : public Scorer {
 public:
  TagScorer(const data::Labels& labels, const TargetTable& targets) : labels_(labels), targets_(targets) {
    predicted_.resize(static_cast<size_t>(targets.rows()));
    probabilities_.resize(predicted_.size());
    for (int64_t row = 0; row < targets.rows(); ++row) {
      predicted_[row].assign(targets.labels(row).size(), -1);
      probabilities_[row].assign(targets.labels(row).size(), 0.0f);
    }
  }
  void add(int32_t row, std::span<const int32_t> words, std::span<const float> logits) override {
    const size_t outputs = words.empty() ? 0 : logits.size() / words.size();
    for (size_t i = 0; i < words.size(); ++i) {
      const auto scores = logits.subspan(i * outputs, outputs);
      const auto best = std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (const float z : scores) sum += std::exp(static_cast<double>(z) - *best);
      predicted_[row][words[i]] = static_cast<int32_t>(best - scores.begin());
      probabilities_[row][words[i]] = static_cast<float>(1 / sum);
    }
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    metrics::TaggingMeter meter(labels_.names(), targets_.rows());
    for (int64_t row = 0; row < targets_.rows(); ++row)
      meter.add(row, targets_.labels(row), predicted_[row], probabilities_[row]);
    Evaluation evaluation;
    auto result = metrics::summarize(meter, bootstrap);
    evaluation.scores = result.scores;
    evaluation.word_mistakes = meter.mistakes();
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  const data::Labels& labels_;
  const TargetTable& targets_;
  std::vector<std::vector<int32_t>> predicted_;
  std::vector<std::vector<float>> probabilities_;
};

}  // namespace

std::unique_ptr<Scorer> make_scorer(const Task& task, const data::Labels& labels, const TargetTable& targets, const ScorerOptions& options) {
  switch (task.kind) {
    case TaskKind::classify: return std::make_unique<ClassifyScorer>(labels.size(), targets);
    case TaskKind::multilabel: return std::make_unique<MultiLabelScorer>(labels.size(), targets, options);
    case TaskKind::regress: return std::make_unique<RegressScorer>(targets);
    case TaskKind::tag: return std::make_unique<TagScorer>(labels, targets);
  }
  fail(ErrorKind::internal, "a task without a scorer");
}

}  // namespace attune::tasks
