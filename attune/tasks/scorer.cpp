#include "attune/tasks/scorer.h"

#include <algorithm>
#include <cmath>

#include "attune/metrics/catalog.h"
#include "attune/metrics/thresholds.h"
#include "attune/tasks/search_scorer.h"

namespace attune::tasks {
namespace {

class ClassifyScorer final : public Scorer {
 public:
  ClassifyScorer(int classes, const TargetTable& targets, bool ordered)
      : targets_(targets), meter_(classes, targets.rows()), ordered_(ordered) {}
  void add(int32_t row, std::span<const data::LabelPlace>, std::span<const float> logits) override {
    meter_.add(row, targets_.labels(row)[0], logits);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation;
    auto result = metrics::summarize(meter_.records(), meter_.classes(), bootstrap, ordered_);
    evaluation.scores = result.scores;
    evaluation.classes = meter_.records();
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  const TargetTable& targets_;
  metrics::ClassificationMeter meter_;
  bool ordered_;
};

class MultiLabelScorer final : public Scorer {
 public:
  MultiLabelScorer(int labels, const TargetTable& targets, const ScorerOptions& options)
      : targets_(targets), options_(options), meter_(labels, targets.rows()), gold_(static_cast<size_t>(labels)) {}
  void add(int32_t row, std::span<const data::LabelPlace>, std::span<const float> logits) override {
    std::fill(gold_.begin(), gold_.end(), uint8_t{0});
    for (const int32_t label : targets_.labels(row)) gold_[label] = 1;
    meter_.add(row, gold_, logits);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation;
    evaluation.thresholds = options_.choose_thresholds ? metrics::best_f1_thresholds(meter_) : options_.thresholds;
    auto result = metrics::summarize(meter_, evaluation.thresholds, bootstrap);
    evaluation.scores = result.scores;
    if (!evaluation.thresholds.empty()) add_scores_at_half(evaluation.scores);
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  // With a threshold of 0.5 for every label, as training's log has them: what the chosen ones are worth shows beside
  // it.
  void add_scores_at_half(metrics::Scores& scores) const {
    const metrics::MultiLabelResult plain = metrics::summarize(meter_, {}, {.draws = 0});
    for (const char* name : {"micro_f1", "macro_f1"})
      scores.set(std::string(name) + "_at_0.5", plain.scores.value(name));
  }

  const TargetTable& targets_;
  ScorerOptions options_;
  metrics::MultiLabelMeter meter_;
  std::vector<uint8_t> gold_;
};

class RegressScorer : public Scorer {
 public:
  explicit RegressScorer(const TargetTable& targets) : targets_(targets), meter_(targets.rows()) {}
  void add(int32_t row, std::span<const data::LabelPlace>, std::span<const float> logits) override {
    see(row, logits[0]);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation;
    auto result = metrics::summarize(meter_.records(), bootstrap);
    evaluation.scores = result.scores;
    evaluation.scored = meter_.records();
    evaluation.detail = std::move(result);
    return evaluation;
  }

 protected:
  void see(int32_t row, double predicted) { meter_.add(row, targets_.score(row), predicted); }

 private:
  const TargetTable& targets_;
  metrics::RegressionMeter meter_;
};

// Two texts' cosine against their score; only the order and the line count, for they have different units.
class SimilarityScorer final : public RegressScorer {
 public:
  using RegressScorer::RegressScorer;
  void add(int32_t row, std::span<const data::LabelPlace>, std::span<const float> vectors) override {
    const size_t width = vectors.size() / 2;
    double dot = 0, first = 0, second = 0;
    for (size_t i = 0; i < width; ++i) {
      const auto a = static_cast<double>(vectors[i]), b = static_cast<double>(vectors[width + i]);
      dot += a * b, first += a * a, second += b * b;
    }
    const double lengths = std::sqrt(first * second);
    see(row, lengths > 0 ? dot / lengths : 0);
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    Evaluation evaluation = RegressScorer::finish(bootstrap);
    metrics::Scores kept;
    for (const char* name : {"spearman", "pearson"}) kept.set(evaluation.scores.at(name));
    std::get<metrics::RegressionResult>(evaluation.detail).scores = kept;
    evaluation.scores = std::move(kept);
    return evaluation;
  }
};

// A word that no window answers for (cut off, or no piece of the vocabulary) is -1, which the metrics read as O.
class TagScorer final : public Scorer {
 public:
  TagScorer(const data::Labels& labels, const TargetTable& targets, const ScorerOptions& options)
      : targets_(targets),
        decoder_(labels.names(), options.decoding, options.chain),
        meter_(labels.names(), targets.rows()),
        seen_(static_cast<size_t>(targets.rows()), false) {}
  void add(int32_t row, std::span<const data::LabelPlace> places, std::span<const float> logits) override {
    const std::span<const int32_t> gold = targets_.labels(row);
    const WordTags tags = decoder_.decode(gold.size(), places, logits);
    meter_.add(row, gold, tags.labels, tags.probabilities);
    seen_[row] = true;
  }
  Evaluation finish(const metrics::BootstrapOptions& bootstrap) override {
    // Sentences of which no word has a piece never come.
    for (int64_t row = 0; row < targets_.rows(); ++row)
      if (!seen_[row]) add(static_cast<int32_t>(row), {}, {});
    Evaluation evaluation;
    auto result = metrics::summarize(meter_, bootstrap);
    evaluation.scores = result.scores;
    evaluation.word_mistakes = meter_.mistakes();
    evaluation.detail = std::move(result);
    return evaluation;
  }

 private:
  const TargetTable& targets_;
  TagDecoder decoder_;
  metrics::TaggingMeter meter_;
  std::vector<bool> seen_;
};

}  // namespace

std::string default_metric(const Task& task, data::TextShape shape) {
  if (shape == data::TextShape::scored) return "spearman";
  return std::string(metrics::default_best_metric(task.name));
}

std::unique_ptr<Scorer> make_scorer(const Task& task, const data::Labels& labels, const TargetTable& targets,
                                    const ScorerOptions& options) {
  switch (task.kind) {
    case TaskKind::classify:
      return std::make_unique<ClassifyScorer>(labels.size(), targets, options.ordered || labels.are_grades());
    case TaskKind::multilabel:
      return std::make_unique<MultiLabelScorer>(labels.size(), targets, options);
    case TaskKind::regress:
      return std::make_unique<RegressScorer>(targets);
    case TaskKind::tag:
      return std::make_unique<TagScorer>(labels, targets, options);
    case TaskKind::embed:
      if (targets.shape() == data::TextShape::scored) return std::make_unique<SimilarityScorer>(targets);
      return make_search_scorer(targets, options);
  }
  fail(ErrorKind::internal, "a task without a scorer");
}

}  // namespace attune::tasks
