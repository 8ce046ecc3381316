#include "attune/compare/judged_run.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/metrics/at_precision.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/classification.h"
#include "attune/metrics/multilabel.h"
#include "attune/metrics/regression.h"
#include "attune/metrics/tagging.h"

namespace attune::compare {
namespace {

using data::Labels;
using data::TargetKind;

constexpr float kSure = 40;  // a logit of what is given without a probability

class JudgedClasses final : public JudgedRun {
 public:
  JudgedClasses(const PredictionFile& file, const Labels& labels, std::string_view cost)
      : records_(records(file, labels)), statistics_(records_, labels.size(), labels.are_grades(), cost) {}
  const metrics::Statistics& statistics() const override { return statistics_; }
  std::vector<uint8_t> right() const override { return metrics::correct_rows(records_); }

 private:
  static std::vector<metrics::ClassRecord> records(const PredictionFile& file, const Labels& labels) {
    std::vector<metrics::ClassRecord> records;
    std::vector<float> logits;
    for (const PredictionRow& row : file.rows) {
      logits.assign(static_cast<size_t>(labels.size()),
                    row.logits.empty() ? 0.0F : -std::numeric_limits<float>::infinity());
      for (const auto& [label, z] : row.logits) logits[static_cast<size_t>(labels.find(label))] = static_cast<float>(z);
      if (row.logits.empty()) logits[static_cast<size_t>(labels.find(row.predicted[0]))] = kSure;
      metrics::ClassRecord record = metrics::class_record(labels.find(row.gold[0]), logits);
      // What was decided is what counts, whatever the probabilities.
      if (!row.predicted.empty()) record.predicted = labels.find(row.predicted[0]);
      records.push_back(record);
    }
    return records;
  }

  std::vector<metrics::ClassRecord> records_;
  metrics::ClassificationStatistics statistics_;
};

// Rows by the probability of the class, or of the top answer (metrics/at_precision.h).
class JudgedAtPrecision final : public JudgedRun {
 public:
  JudgedAtPrecision(const PredictionFile& file, const Labels& labels, std::string_view metric)
      : statistics_(std::string(metric), metrics::at_precision_of(metric), rows(file, labels, metric)) {
    for (const PredictionRow& row : file.rows) right_.push_back(row.gold[0] == answer_of(row));
  }
  const metrics::Statistics& statistics() const override { return statistics_; }
  std::vector<uint8_t> right() const override { return right_; }

 private:
  static std::vector<metrics::ScoredRow> rows(const PredictionFile& file, const Labels& labels,
                                              std::string_view metric) {
    const metrics::AtPrecision what = metrics::at_precision_of(metric);
    const std::string label = what.coverage ? "" : class_of(what, labels, metric);
    std::vector<metrics::ScoredRow> rows;
    for (const PredictionRow& row : file.rows) {
      const std::string& asked = what.coverage ? answer_of(row) : label;
      double top = -std::numeric_limits<double>::infinity(), own = top, sum = 0;
      for (const auto& [name, z] : row.logits) top = std::max(top, z);
      for (const auto& [name, z] : row.logits) {
        sum += std::exp(z - top);
        if (name == asked) own = z;
      }
      rows.push_back({.score = std::exp(own - top) / sum, .hit = row.gold[0] == asked});
    }
    return rows;
  }
  static std::string class_of(const metrics::AtPrecision& what, const Labels& labels, std::string_view metric) {
    if (!what.label.empty() && labels.find(what.label) < 0)
      fail(ErrorKind::usage, "--metric {}: no label '{}'{}; there are {}", metric, what.label,
           did_you_mean(what.label, labels.names()), fmt::join(labels.names(), ", "));
    if (what.label.empty() && labels.size() != 2)
      fail(ErrorKind::usage, "--metric {}: of {} labels say which is meant, as in recall_at_precision({:g}, {})",
           metric, labels.size(), what.precision, labels.name(0));
    return what.label.empty() ? labels.name(1) : what.label;
  }

  metrics::AtPrecisionStatistics statistics_;
  std::vector<uint8_t> right_;
};

class JudgedLabels final : public JudgedRun {
 public:
  JudgedLabels(const PredictionFile& file, const Labels& labels, bool decided)
      : meter_(labels.size(), std::ssize(file.rows)), statistics_(filled(meter_, file, labels, decided)) {}
  const metrics::Statistics& statistics() const override { return statistics_; }
  std::vector<uint8_t> right() const override {
    const auto k = static_cast<size_t>(meter_.labels());
    const std::span<const float> logits = meter_.logits();
    const std::span<const uint8_t> gold = meter_.gold();
    std::vector<uint8_t> right(static_cast<size_t>(meter_.rows()), 1);
    for (size_t at = 0; at < logits.size(); ++at)
      if ((logits[at] >= 0) != (gold[at] != 0)) right[at / k] = 0;
    return right;
  }

 private:
  static const metrics::MultiLabelMeter& filled(metrics::MultiLabelMeter& meter, const PredictionFile& file,
                                                const Labels& labels, bool decided) {
    std::vector<uint8_t> gold;
    std::vector<float> logits;
    int64_t at = 0;
    for (const PredictionRow& row : file.rows) {
      gold.assign(static_cast<size_t>(labels.size()), 0), logits.assign(gold.size(), -kSure);
      for (const auto& label : row.gold) gold[static_cast<size_t>(labels.find(label))] = 1;
      const bool by_label = row.logits.empty() || (decided && row.has_decision);
      for (const auto& label : row.predicted)
        if (by_label) logits[static_cast<size_t>(labels.find(label))] = kSure;
      for (const auto& [label, z] : row.logits)
        if (!by_label) logits[static_cast<size_t>(labels.find(label))] = static_cast<float>(std::clamp(z, -1e4, 1e4));
      meter.add(at++, gold, logits);
    }
    return meter;
  }

  metrics::MultiLabelMeter meter_;
  metrics::MultiLabelStatistics statistics_;
};

class JudgedScores final : public JudgedRun {
 public:
  explicit JudgedScores(const PredictionFile& file) : records_(records(file)), statistics_(records_) {}
  const metrics::Statistics& statistics() const override { return statistics_; }

 private:
  static std::vector<metrics::ScoreRecord> records(const PredictionFile& file) {
    std::vector<metrics::ScoreRecord> records;
    for (const PredictionRow& row : file.rows) records.push_back({row.gold_score, row.score});
    return records;
  }

  std::vector<metrics::ScoreRecord> records_;
  metrics::RegressionStatistics statistics_;
};

class JudgedTags final : public JudgedRun {
 public:
  JudgedTags(const PredictionFile& file, const Labels& labels)
      : meter_(labels.names(), std::ssize(file.rows)), statistics_(filled(meter_, file, labels)) {
    for (const PredictionRow& row : file.rows) right_.push_back(row.gold == row.predicted);
  }
  const metrics::Statistics& statistics() const override { return statistics_; }
  std::vector<uint8_t> right() const override { return right_; }

 private:
  static const metrics::TaggingMeter& filled(metrics::TaggingMeter& meter, const PredictionFile& file,
                                             const Labels& labels) {
    int64_t at = 0;
    for (const PredictionRow& row : file.rows) {
      std::vector<int32_t> gold, predicted;
      for (const auto& tag : row.gold) gold.push_back(labels.find(tag));
      for (const auto& tag : row.predicted) predicted.push_back(labels.find(tag));
      meter.add(at++, gold, predicted);
    }
    return meter;
  }

  metrics::TaggingMeter meter_;
  metrics::TaggingStatistics statistics_;
  std::vector<uint8_t> right_;
};

class JudgedRanks final : public JudgedRun {
 public:
  explicit JudgedRanks(const PredictionFile& file) : statistics_(records(file)) {}
  const metrics::Statistics& statistics() const override { return statistics_; }

 private:
  static std::vector<metrics::RetrievalRecord> records(const PredictionFile& file) {
    std::vector<metrics::RetrievalRecord> records;
    for (const PredictionRow& row : file.rows) records.push_back({row.relevant});
    return records;
  }

  metrics::RetrievalStatistics statistics_;
};

}  // namespace

std::unique_ptr<JudgedRun> judged_run(const PredictionFile& file, const Labels& labels, std::string_view metric) {
  switch (file.kind) {
    case TargetKind::label:
      if (metrics::is_at_precision(metric)) return std::make_unique<JudgedAtPrecision>(file, labels, metric);
      return std::make_unique<JudgedClasses>(file, labels, metrics::is_cost(metric) ? metric : "");
    case TargetKind::labels:
      return std::make_unique<JudgedLabels>(file, labels, !metrics::reads_probabilities(metric));
    case TargetKind::score:
      return std::make_unique<JudgedScores>(file);
    case TargetKind::tags:
      return std::make_unique<JudgedTags>(file, labels);
    case TargetKind::texts:
      return std::make_unique<JudgedRanks>(file);
  }
  fail(ErrorKind::internal, "predictions of no kind");
}

std::string why_no_probabilities(const PredictionFile& file) {
  for (const PredictionRow& row : file.rows) {
    if (row.logits.empty()) return file.where(row) + ": no probabilities";
    if (file.kind == TargetKind::label && std::abs(row.probability_sum - 1) > 0.01)
      return fmt::format("{}: probabilities sum to {:.3g}; those of all labels are needed (no --top)", file.where(row),
                         row.probability_sum);
  }
  return "";
}

Labels labels_of(const std::vector<PredictionFile>& first, const std::vector<PredictionFile>& second) {
  std::set<std::string> names;
  for (const auto* side : {&first, &second})
    for (const PredictionFile& file : *side)
      for (const PredictionRow& row : file.rows) {
        names.insert(row.gold.begin(), row.gold.end()), names.insert(row.predicted.begin(), row.predicted.end());
        for (const auto& [label, z] : row.logits) names.insert(label);
      }
  return Labels::sorted({names.begin(), names.end()});
}

}  // namespace attune::compare
