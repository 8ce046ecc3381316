#include "attune/metrics/correction.h"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <functional>

#include "attune/base/error.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/classification.h"
#include "attune/metrics/costs.h"
#include "attune/metrics/multilabel.h"
#include "attune/metrics/regression.h"
#include "attune/metrics/thresholds.h"

namespace attune::metrics {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kByDecision[] = {"accuracy", "f1",       "macro_f1",   "macro_recall",
                                            "mcc",      "micro_f1", "weighted_f1"};
constexpr std::string_view kByProbability[] = {"ece", "log_loss"};
constexpr std::string_view kByGrade[] = {"label_mae", "quadratic_kappa"};
constexpr std::string_view kByLabel[] = {"macro_f1", "weighted_f1"};
constexpr std::string_view kByCommonCut[] = {"hamming_loss", "micro_f1", "samples_f1", "subset_accuracy"};
constexpr std::string_view kByOutside[] = {"entity_f1",      "entity_f1_strict", "entity_macro_f1",
                                           "token_accuracy", "token_macro_f1",   "token_weighted_f1"};
constexpr std::string_view kByLine[] = {"mae", "mse", "r2", "rmse"};

bool is_one_of(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The correction of each row.
using OfRow = std::function<const Correction&(size_t)>;

// The metric after corrections.
double value_by_row(std::string_view metric, const ClassAnswers& answers, const OfRow& of_row) {
  const auto k = static_cast<size_t>(answers.classes);
  std::vector<ClassRecord> records;
  std::vector<double> row(k);
  std::vector<float> logits(k);
  for (size_t at = 0; at < answers.rows(); ++at) {
    const Correction& correction = of_row(at);
    std::copy_n(answers.logits.begin() + static_cast<std::ptrdiff_t>(at * k), k, row.begin());
    correction.apply(row);
    std::transform(row.begin(), row.end(), logits.begin(), [](double z) { return static_cast<float>(z); });
    records.push_back(class_record(answers.gold[at], logits));
    records.back().predicted = correction.decision(row);
  }
  const std::string_view cost = is_cost(metric) ? metric : "";
  return evaluate(ClassificationStatistics(records, answers.classes, answers.ordered, cost)).value(metric);
}

double value_by_row(std::string_view metric, const LabelAnswers& answers, const OfRow& of_row) {
  const auto k = static_cast<size_t>(answers.labels);
  MultiLabelMeter meter(answers.labels, static_cast<int64_t>(answers.rows()));
  std::vector<double> row(k);
  std::vector<float> logits(k);
  for (size_t at = 0; at < answers.rows(); ++at) {
    std::copy_n(answers.logits.begin() + static_cast<std::ptrdiff_t>(at * k), k, row.begin());
    of_row(at).apply(row);
    std::transform(row.begin(), row.end(), logits.begin(), [](double z) { return static_cast<float>(z); });
    meter.add(static_cast<int64_t>(at), std::span(answers.gold).subspan(at * k, k), logits);
  }
  return evaluate(MultiLabelStatistics(meter)).value(metric);
}

double value_by_row(std::string_view metric, const ScoreAnswers& answers, const OfRow& of_row) {
  std::vector<ScoreRecord> records;
  for (size_t i = 0; i < answers.rows(); ++i)
    records.push_back({answers.gold[i], of_row(i).apply(answers.predicted[i])});
  return evaluate(RegressionStatistics(records)).value(metric);
}

template <class Answers>
double value_of(std::string_view metric, const Answers& answers, const Correction& correction) {
  return value_by_row(metric, answers, [&](size_t) -> const Correction& { return correction; });
}

// Some of the rows.
ClassAnswers some_of(const ClassAnswers& all, const std::vector<size_t>& rows) {
  ClassAnswers some{.classes = all.classes, .ordered = all.ordered, .prior = all.prior};
  const auto k = static_cast<std::ptrdiff_t>(all.classes);
  for (const size_t row : rows) {
    const auto first = all.logits.begin() + static_cast<std::ptrdiff_t>(row) * k;
    some.logits.insert(some.logits.end(), first, first + k), some.gold.push_back(all.gold[row]);
  }
  return some;
}
LabelAnswers some_of(const LabelAnswers& all, const std::vector<size_t>& rows) {
  LabelAnswers some{.labels = all.labels};
  const auto k = static_cast<std::ptrdiff_t>(all.labels);
  for (const size_t row : rows) {
    const auto at = static_cast<std::ptrdiff_t>(row) * k;
    some.logits.insert(some.logits.end(), all.logits.begin() + at, all.logits.begin() + at + k);
    some.gold.insert(some.gold.end(), all.gold.begin() + at, all.gold.begin() + at + k);
  }
  return some;
}
ScoreAnswers some_of(const ScoreAnswers& all, const std::vector<size_t>& rows) {
  ScoreAnswers some;
  for (const size_t row : rows) some.predicted.push_back(all.predicted[row]), some.gold.push_back(all.gold[row]);
  return some;
}

// What a correction gains on rows that it was not fitted on decides whether it is taken: five folds, each corrected by
// what the other four say. The best of a hundred cuts always looks better on the rows that it was chosen by.
template <class Answers, class Fit>
Correction if_it_holds(std::string_view metric, const Answers& answers, const Fit& fit) {
  Correction whole = fit(metric, answers);
  if (!whole.helps()) return whole;
  std::vector<Correction> by_fold;
  for (size_t fold = 0; fold < kCorrectionFolds; ++fold) {
    std::vector<size_t> others;
    for (size_t row = 0; row < answers.rows(); ++row)
      if (row % kCorrectionFolds != fold) others.push_back(row);
    by_fold.push_back(fit(metric, some_of(answers, others)));
  }
  const double after =
      value_by_row(metric, answers, [&](size_t row) -> const Correction& { return by_fold[row % kCorrectionFolds]; });
  return is_better(metric, after, value_of(metric, answers, {})) ? whole : Correction{};
}

// Keeps the best of what is tried; what changes less must be tried first, since only more is better.
class Best {
 public:
  Best(std::string_view metric, double value) : metric_(metric), value_(value) {}
  void see(Correction correction, double value) {
    if (is_better(metric_, value, value_)) best_ = std::move(correction), value_ = value;
  }
  Correction take() { return std::move(best_); }

 private:
  std::string_view metric_;
  double value_;
  Correction best_;
};

Correction prior_correction(std::string_view metric, const ClassAnswers& answers) {
  double all = 0;
  for (const double rows : answers.prior) all += rows + 1;
  // Nearest to 0 first.
  std::vector<double> taus;
  for (int step = 1; step <= 20; ++step) {
    taus.push_back(0.1 * step);
    if (step <= 5) taus.push_back(-0.1 * step);
  }
  Best best(metric, value_of(metric, answers, {}));
  for (const double tau : taus) {
    Correction correction{.text = fmt::format("prior, tau {:+.1f}", tau)};
    for (const double rows : answers.prior) correction.shift.push_back(tau * std::log((rows + 1) / all));
    const double value = value_of(metric, answers, correction);
    best.see(std::move(correction), value);
  }
  return best.take();
}

// Cuts between neighbouring margins: at most a hundred, so that no single row decides.
std::vector<double> cuts_between(std::vector<double> margins) {
  constexpr size_t kMostCuts = 100;
  std::sort(margins.begin(), margins.end());
  margins.erase(std::unique(margins.begin(), margins.end()), margins.end());
  std::vector<double> cuts;
  const size_t gaps = margins.size() < 2 ? 0 : margins.size() - 1, count = std::min(gaps, kMostCuts);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * gaps / count;
    const double cut = 0.5 * (margins[at] + margins[at + 1]);
    if (std::isfinite(cut)) cuts.push_back(cut);
  }
  std::sort(cuts.begin(), cuts.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  return cuts;
}

Correction cut_correction(std::string_view metric, const ClassAnswers& answers) {
  std::vector<double> margins;
  for (size_t at = 0; at < answers.gold.size(); ++at)
    margins.push_back(answers.logits[2 * at + 1] - answers.logits[2 * at]);
  Best best(metric, value_of(metric, answers, {}));
  for (const double cut : cuts_between(std::move(margins))) {
    Correction correction{.shift = {0, cut},
                          .text = fmt::format("cut: the second class from {:.2f} on", 1 / (1 + std::exp(-cut)))};
    const double value = value_of(metric, answers, correction);
    best.see(std::move(correction), value);
  }
  return best.take();
}

Correction price_correction(std::string_view metric, const ClassAnswers& answers) {
  const Costs costs = costs_of(metric);
  Best best(metric, value_of(metric, answers, {}));
  for (int step = 1; step <= 15; ++step) {
    const double alpha = 0.1 * step;
    Correction correction;
    if (costs.by_class()) {
      correction.text = fmt::format("prices, alpha {:.1f}", alpha);
      for (int k = 0; k < costs.classes; ++k)
        correction.shift.push_back(-alpha * std::log(std::max(1e-6, costs.at(k, k == 0 ? 1 : 0))));
    } else {
      correction = {.temperature = 1 / alpha,
                    .decide = Decide::cheapest,
                    .prices = costs.prices,
                    .text = fmt::format("the cheapest answer, temperature {:.2f}", 1 / alpha)};
    }
    const double value = value_of(metric, answers, correction);
    best.see(std::move(correction), value);
  }
  return best.take();
}

Correction grade_correction(std::string_view metric, const ClassAnswers& answers) {
  Best best(metric, value_of(metric, answers, {}));
  for (const auto& [decide, text] :
       {std::pair(Decide::median, "the median grade"), std::pair(Decide::mean, "the mean grade, rounded")}) {
    const Correction correction{.decide = decide, .text = text};
    best.see(correction, value_of(metric, answers, correction));
  }
  return best.take();
}

// The temperature of least log loss: convex in 1 / T, so a golden section finds it.
Correction temperature_correction(const ClassAnswers& answers) {
  const auto loss = [&](double log_t) { return value_of("log_loss", answers, {.temperature = std::exp(log_t)}); };
  const double kGolden = 0.5 * (std::sqrt(5.0) - 1);
  double low = -2.5, high = 2.5;
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double of_left = loss(left), of_right = loss(right);
  while (high - low > 1e-3) {
    if (of_left <= of_right) {
      high = right, right = left, of_right = of_left;
      left = high - kGolden * (high - low), of_left = loss(left);
    } else {
      low = left, left = right, of_left = of_right;
      right = low + kGolden * (high - low), of_right = loss(right);
    }
  }
  const double temperature = std::exp(0.5 * (low + high));
  if (!(loss(0.5 * (low + high)) < loss(0))) return {};
  return {.temperature = temperature, .text = fmt::format("temperature {:.2f}", temperature)};
}

// Cuts of labels are kept as probabilities, which must be neither 0 nor 1.
constexpr double kLargestCut = 8;

Correction common_cut(std::string_view metric, const LabelAnswers& answers) {
  // Only the scores near those of positives matter: quantiles of the positives' logits.
  std::vector<double> positives;
  for (size_t at = 0; at < answers.gold.size(); ++at)
    if (answers.gold[at]) positives.push_back(std::clamp(answers.logits[at], -kLargestCut, kLargestCut));
  Best best(metric, value_of(metric, answers, {}));
  for (const double cut : cuts_between(std::move(positives))) {
    Correction correction{.shift = std::vector<double>(static_cast<size_t>(answers.labels), cut),
                          .text = fmt::format("cut: labels from {:.2f} on", 1 / (1 + std::exp(-cut)))};
    const double value = value_of(metric, answers, correction);
    best.see(std::move(correction), value);
  }
  return best.take();
}

Correction cuts_by_label(std::string_view metric, const LabelAnswers& answers) {
  constexpr double kPull = 10;  // positives that the common cut is worth
  const auto k = static_cast<size_t>(answers.labels);
  const Correction common = common_cut(metric, answers);
  const double cut = common.helps() ? common.shift[0] : 0;
  Correction shrunk{.text = "cuts by label"};
  double low = 1, high = 0;
  for (size_t label = 0; label < k; ++label) {
    std::vector<LabelledLogit> items;
    double positives = 0;
    for (size_t at = label; at < answers.gold.size(); at += k)
      items.push_back({answers.logits[at], answers.gold[at]}), positives += answers.gold[at];
    const double own = positives > 0 ? std::clamp(best_f1_cut(items), -kLargestCut, kLargestCut) : cut;
    const double taken = (positives * own + kPull * cut) / (positives + kPull);
    shrunk.shift.push_back(taken);
    const double p = 1 / (1 + std::exp(-taken));
    low = std::min(low, p), high = std::max(high, p);
  }
  shrunk.text = fmt::format("cuts by label, {:.2f} to {:.2f}", low, high);
  Best best(metric, value_of(metric, answers, {}));
  best.see(common, value_of(metric, answers, common));
  best.see(shrunk, value_of(metric, answers, shrunk));
  return best.take();
}

Correction fit_classes(std::string_view metric, const ClassAnswers& answers) {
  if (answers.gold.empty()) return {};
  if (is_one_of(metric, kByProbability)) return temperature_correction(answers);
  if (is_cost(metric) && answers.classes > 2) return price_correction(metric, answers);
  if (is_one_of(metric, kByGrade)) return grade_correction(metric, answers);
  if (!is_one_of(metric, kByDecision) && !is_cost(metric)) return {};
  return answers.classes == 2 ? cut_correction(metric, answers) : prior_correction(metric, answers);
}

Correction fit_labels(std::string_view metric, const LabelAnswers& answers) {
  if (answers.gold.empty()) return {};
  if (is_one_of(metric, kByLabel)) return cuts_by_label(metric, answers);
  if (is_one_of(metric, kByCommonCut)) return common_cut(metric, answers);
  return {};
}

Correction fit_scores(std::string_view metric, const ScoreAnswers& answers) {
  const size_t rows = answers.gold.size();
  if (rows < 3 || !is_one_of(metric, kByLine)) return {};
  double x = 0, y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < rows; ++i)
    x += answers.predicted[i] / static_cast<double>(rows), y += answers.gold[i] / static_cast<double>(rows);
  for (size_t i = 0; i < rows; ++i) {
    const double dx = answers.predicted[i] - x;
    xx += dx * dx, xy += dx * (answers.gold[i] - y);
  }
  if (!(xx > 0)) return {};
  Correction line{.offset = y - xy / xx * x, .slope = xy / xx};
  line.text = fmt::format("{:.3g} {:+.3g} times the score", line.offset, line.slope);
  return is_better(metric, value_of(metric, answers, line), value_of(metric, answers, {})) ? line : Correction{};
}

}  // namespace

void Correction::apply(std::span<double> logits) const {
  for (size_t k = 0; k < logits.size(); ++k) logits[k] = logits[k] / temperature - (shift.empty() ? 0 : shift[k]);
}

int32_t Correction::decision(std::span<const double> logits) const {
  const auto largest = std::max_element(logits.begin(), logits.end());
  if (decide == Decide::largest) return static_cast<int32_t>(largest - logits.begin());
  if (decide == Decide::cheapest) {
    std::vector<double> price(logits.size(), 0);
    for (size_t gold = 0; gold < logits.size(); ++gold)
      for (size_t answer = 0; answer < logits.size(); ++answer)
        price[answer] += std::exp(logits[gold] - *largest) * prices[gold * logits.size() + answer];
    return static_cast<int32_t>(std::min_element(price.begin(), price.end()) - price.begin());
  }
  double all = 0, mean = 0;
  for (size_t k = 0; k < logits.size(); ++k) {
    const double p = std::exp(logits[k] - *largest);
    all += p, mean += static_cast<double>(k) * p;
  }
  if (decide == Decide::mean) return static_cast<int32_t>(std::lround(mean / all));
  double below = 0;
  for (size_t k = 0; k < logits.size(); ++k) {
    below += std::exp(logits[k] - *largest);
    if (2 * below >= all) return static_cast<int32_t>(k);
  }
  return static_cast<int32_t>(logits.size()) - 1;
}

std::vector<std::string> corrected_metrics(std::string_view task) {
  std::vector<std::string> metrics;
  const auto add = [&](Names names) { metrics.insert(metrics.end(), names.begin(), names.end()); };
  if (task == "classify") add(kByDecision), add(kByProbability);
  if (task == "multilabel") add(kByLabel), add(kByCommonCut);
  if (task == "regress") add(kByLine);
  if (task == "tag") add(kByOutside);
  return metrics;
}

bool is_corrected(std::string_view metric, std::string_view task) {
  if (is_cost(metric)) {
    if (task != "classify") return false;
    const Costs costs = costs_of(metric);
    return costs.classes == 2 || costs.by_class();
  }
  const std::vector<std::string> served = corrected_metrics(task);
  return std::find(served.begin(), served.end(), metric) != served.end();
}

Correction fit_correction(std::string_view metric, const ClassAnswers& answers) {
  ATTUNE_CHECK(answers.logits.size() == answers.gold.size() * static_cast<size_t>(answers.classes) &&
                   answers.prior.size() == static_cast<size_t>(answers.classes),
               "{} logits of {} rows and {} classes", answers.logits.size(), answers.gold.size(), answers.classes);
  return if_it_holds(metric, answers, fit_classes);
}

Correction fit_correction(std::string_view metric, const LabelAnswers& answers) {
  ATTUNE_CHECK(answers.logits.size() == answers.gold.size(), "{} logits and {} answers", answers.logits.size(),
               answers.gold.size());
  return if_it_holds(metric, answers, fit_labels);
}

Correction fit_correction(std::string_view metric, const ScoreAnswers& answers) {
  return if_it_holds(metric, answers, fit_scores);
}

std::string outside_name(double cut) {
  return fmt::format("{:g}", cut);
}

Correction fit_outside(std::string_view metric, const OutsideValue& value) {
  if (!is_one_of(metric, kByOutside)) return {};
  using Cuts = std::array<std::optional<double>, kCorrectionFolds>;
  const auto everywhere = [](double cut) {
    Cuts cuts;
    cuts.fill(cut);
    return cuts;
  };
  // By the folds but this one; kCorrectionFolds: by all.
  const auto best_without = [&](size_t fold) {
    const auto at = [&](double cut) {
      Cuts cuts = everywhere(cut);
      if (fold < cuts.size()) cuts[fold].reset();
      return value(cuts);
    };
    Best best(metric, at(0));
    for (const double cut : kOutsideCuts)
      best.see({.outside = cut, .text = fmt::format("{} less likely by {:+g} in its logit", kOutside, cut)}, at(cut));
    return best.take();
  };
  Correction whole = best_without(kCorrectionFolds);
  if (!whole.helps()) return whole;
  Cuts by_fold;
  for (size_t fold = 0; fold < kCorrectionFolds; ++fold) by_fold[fold] = best_without(fold).outside;
  return is_better(metric, value(by_fold), value(everywhere(0))) ? whole : Correction{};
}

}  // namespace attune::metrics
