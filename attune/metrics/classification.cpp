#include "attune/metrics/classification.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/metrics/ranking.h"

namespace attune::metrics {

ClassRecord class_record(int32_t gold, std::span<const float> logits) {
  ATTUNE_CHECK(logits.size() >= 2, "a classification needs two logits or more, got {}", logits.size());
  ATTUNE_CHECK(gold >= 0 && gold < static_cast<int32_t>(logits.size()), "gold class {} of {}", gold, logits.size());
  size_t top = 0;
  for (size_t k = 0; k < logits.size(); ++k) {
    if (std::isnan(logits[k]) || logits[k] == INFINITY) fail(ErrorKind::numeric, "logit {} is {}", k, logits[k]);
    if (logits[k] > logits[top]) top = k;
  }
  if (std::isinf(logits[top])) fail(ErrorKind::numeric, "all logits are -infinity");

  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - static_cast<double>(logits[top]));
  const double log_prob = static_cast<double>(logits[gold]) - static_cast<double>(logits[top]) - std::log(sum);
  return {.gold = gold,
          .predicted = static_cast<int32_t>(top),
          .top_probability = static_cast<float>(1 / sum),
          .log_prob_gold = static_cast<float>(log_prob),
          .margin = logits.size() == 2 ? logits[1] - logits[0] : 0.0F};
}

void ClassificationMeter::add(int64_t row, int32_t gold, std::span<const float> logits) {
  ATTUNE_CHECK(static_cast<int>(logits.size()) == classes_, "{} logits for {} classes", logits.size(), classes_);
  with_context([&] { return fmt::format("in row {} of the evaluated data", row); },
               [&] { records_.put(row, class_record(gold, logits)); });
}

struct ClassificationStatistics::Sums {
  // Sums over rows whose classes are grades: all that mean distance and quadratic kappa need.
  class GradeSums {
   public:
    void add(int32_t gold, int32_t predicted, uint32_t weight) {
      const auto g = static_cast<double>(gold), p = static_cast<double>(predicted), w = static_cast<double>(weight);
      rows_ += w, gold_ += w * g, predicted_ += w * p, squares_ += w * (g * g + p * p);
      distance_ += w * std::abs(g - p), square_ += w * (g - p) * (g - p);
    }
    double mean_distance() const { return distance_ / rows_; }
    double quadratic_kappa() const {
      const double by_chance = squares_ - 2 * gold_ * predicted_ / rows_;
      return by_chance > 0 ? 1 - square_ / by_chance : kUndefined;
    }

   private:
    double rows_ = 0, gold_ = 0, predicted_ = 0, squares_ = 0, distance_ = 0, square_ = 0;
  };

  std::vector<ClassCount> counts;
  CalibrationBins bins{};
  double negative_log = 0, cost = 0;
  int64_t rows = 0, correct = 0;
  GradeSums grades;
};

ClassificationStatistics::ClassificationStatistics(std::span<const ClassRecord> records, int classes, bool ordered,
                                                   std::string_view cost)
    : records_(records), classes_(classes), ordered_(ordered) {
  names_ = {"accuracy",        "macro_f1",     "weighted_f1",        "micro_f1",       "mcc", "log_loss", "ece",
            "macro_precision", "macro_recall", "weighted_precision", "weighted_recall"};
  if (ordered) names_.insert(names_.end(), {"quadratic_kappa", "label_mae"});
  if (!cost.empty()) {
    costs_ = costs_of(cost);
    if (costs_.classes != classes)
      fail(ErrorKind::usage, "'{}' has prices for {} classes, and there are {} labels", cost, costs_.classes, classes);
    names_.emplace_back(cost);
  }
  bins_.reserve(records.size());
  for (const ClassRecord& record : records) {
    bins_.push_back(static_cast<uint8_t>(calibration_bin(static_cast<double>(record.top_probability))));
  }
  if (classes != 2) return;
  names_.insert(names_.end(), {"f1", "precision", "recall", "auroc", "average_precision"});
  std::vector<float> margins;
  std::vector<uint8_t> positive;
  for (const ClassRecord& record : records) {
    margins.push_back(record.margin);
    positive.push_back(record.gold == 1);
  }
  ranking_ = std::make_unique<Ranking>(margins, positive);
}

ClassificationStatistics::~ClassificationStatistics() = default;

void ClassificationStatistics::accumulate(std::span<const uint32_t> weights, Sums& sums) const {
  sums.counts.assign(static_cast<size_t>(classes_), {});
  for (size_t row = 0; row < records_.size(); ++row) {
    const uint32_t weight = weights[row];
    if (weight == 0) continue;
    const ClassRecord& record = records_[row];
    const int64_t hit = record.gold == record.predicted ? weight : 0;
    sums.counts[record.gold].gold += weight;
    sums.counts[record.predicted].predicted += weight;
    sums.counts[record.gold].correct += hit;
    CalibrationBin& bin = sums.bins[bins_[row]];
    bin.rows += weight;
    bin.correct += hit;
    bin.confidence += weight * static_cast<double>(record.top_probability);
    sums.negative_log -= weight * static_cast<double>(record.log_prob_gold);
    sums.rows += weight;
    sums.correct += hit;
    sums.grades.add(record.gold, record.predicted, weight);
    if (costs_.classes > 0) sums.cost += weight * costs_.at(record.gold, record.predicted);
  }
}

void ClassificationStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values) const {
  evaluate(weights, values, true);
}

double ClassificationStatistics::evaluate_one(size_t metric, std::span<const uint32_t> weights) const {
  std::vector<double> values(names_.size());
  evaluate(weights, values, names_[metric] == "auroc" || names_[metric] == "average_precision");
  return values[metric];
}

void ClassificationStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values, bool ranks) const {
  std::fill(values.begin(), values.end(), kUndefined);
  Sums sums;
  accumulate(weights, sums);
  if (sums.rows == 0) return;
  const ClassTable table = class_table(sums.counts, MacroOver::present);
  const double accuracy = static_cast<double>(sums.correct) / static_cast<double>(sums.rows);
  const double log_loss = sums.negative_log / static_cast<double>(sums.rows);
  const double common[] = {accuracy,
                           table.macro.f1,
                           table.weighted.f1,
                           table.micro.f1,
                           matthews(sums.counts),
                           log_loss,
                           expected_calibration_error(sums.bins),
                           table.macro.precision,
                           table.macro.recall,
                           table.weighted.precision,
                           table.weighted.recall};
  double* next = std::copy(std::begin(common), std::end(common), values.data());
  if (ordered_) *next++ = sums.grades.quadratic_kappa(), *next++ = sums.grades.mean_distance();
  if (costs_.classes > 0) *next++ = sums.cost / static_cast<double>(sums.rows);
  if (!ranking_) return;
  const PRF positive = prf(sums.counts[1]);
  for (const double value : {positive.f1, positive.precision, positive.recall}) *next++ = value;
  if (!ranks) return;
  const RankScores scores = ranking_->evaluate(weights);
  *next++ = scores.auroc, *next++ = scores.average_precision;
}

ClassificationResult summarize(std::span<const ClassRecord> records, int classes, const BootstrapOptions& options,
                               bool ordered) {
  ClassificationResult result;
  result.scores = evaluate(ClassificationStatistics(records, classes, ordered), options);
  result.rows = static_cast<int64_t>(records.size());
  std::vector<ClassCount> counts(static_cast<size_t>(classes));
  Confusion confusion;
  for (const ClassRecord& record : records) {
    const int hit = record.gold == record.predicted;
    ++counts[record.gold].gold;
    ++counts[record.predicted].predicted;
    counts[record.gold].correct += hit;
    confusion.add(record.gold, record.predicted);
    const auto top = static_cast<double>(record.top_probability);
    CalibrationBin& bin = result.calibration[calibration_bin(top)];
    ++bin.rows;
    bin.correct += hit;
    bin.confidence += top;
  }
  result.table = class_table(counts, MacroOver::present);
  result.confusion = confusion.cells();
  return result;
}

std::vector<uint8_t> correct_rows(std::span<const ClassRecord> records) {
  std::vector<uint8_t> correct;
  correct.reserve(records.size());
  for (const ClassRecord& record : records) correct.push_back(record.gold == record.predicted);
  return correct;
}

std::vector<int64_t> confident_mistakes(std::span<const ClassRecord> records, size_t most) {
  std::vector<int64_t> rows;
  for (size_t row = 0; row < records.size(); ++row) {
    if (records[row].gold != records[row].predicted) rows.push_back(static_cast<int64_t>(row));
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [&](int64_t a, int64_t b) { return records[a].top_probability > records[b].top_probability; });
  if (rows.size() > most) rows.resize(most);
  return rows;
}

}  // namespace attune::metrics
