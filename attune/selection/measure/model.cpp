#include "attune/selection/measure/model.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "attune/baselines/dense_features.h"
#include "attune/baselines/hashed_ngrams.h"
#include "attune/metrics/bootstrap.h"
#include "attune/selection/measure/probe.h"
#include "attune/selection/measure/statistics.h"
#include "attune/train/mean_states.h"

namespace attune::selection {
namespace {

constexpr int64_t kMostNgramWeights = 1 << 21;  // columns x classes; n-grams beyond it are the rarest
constexpr int64_t kRowsOfClass = 10;            // with fewer a recall says nothing
constexpr double kUnlikely = 0.1, kSure = 0.8;
// Where single words decide (emotions, say) n-grams know a little more than any frozen encoder; TNEWS read by an
// English model: 2.3 times as much.
constexpr double kSuspiciouslyMore = 1.5;

ProbeRows probe_rows(const ModelToMeasure& what) {
  ProbeRows probe;
  probe.targets = {.classes = what.untrained.logit_count(),
                   .exclusive = what.untrained.task->kind == tasks::TaskKind::classify};
  for (const int32_t row : train::spread_rows(what.rows, kProbeRows)) {
    const bool has_target = what.rows.data.examples.view(static_cast<size_t>(row)).has_target;
    const auto labels = what.rows.targets.labels(row);
    if (!has_target || (probe.targets.exclusive && labels.size() != 1)) continue;
    probe.rows.push_back(row);
    probe.targets.add(labels);
  }
  probe.fold = probe_folds(probe.rows, probe.targets, what.clusters, what.seed);
  return probe;
}

std::optional<std::vector<float>> probe_encoder(const ModelToMeasure& what, const ProbeRows& probe) {
  std::optional<std::vector<float>> means =
      train::mean_states(*what.untrained.model, what.kernels, what.rows, probe.rows, {.stop = what.stop});
  if (!means) return std::nullopt;
  const int64_t width = what.untrained.model->config().hidden;
  // Scales know no label, so they may be of all rows.
  baselines::Standardizer(*means, width).apply(*means);
  const auto features =
      std::make_shared<const baselines::DenseFeatures>(std::move(*means), width, what.kernels.threads());
  return out_of_fold(
      probe, [&](int) { return features; }, what.stop);
}

std::optional<std::vector<float>> probe_ngrams(const ModelToMeasure& what, const ProbeRows& probe) {
  std::vector<baselines::TextPair> texts;
  for (const int32_t row : probe.rows) {
    const data::ExampleView view = what.rows.data.examples.view(static_cast<size_t>(row));
    texts.push_back({view.text, view.text_pair});
  }
  const int64_t columns = std::max<int64_t>(1000, kMostNgramWeights / std::max<int64_t>(1, probe.targets.classes));
  const auto features = [&](int fold) {
    std::vector<baselines::TextPair> learned;
    for (size_t i = 0; i < texts.size(); ++i)
      if (probe.fold[i] != fold) learned.push_back(texts[i]);
    const baselines::HashedNgrams ngrams(learned, columns);
    return std::make_shared<const baselines::SparseFeatures>(ngrams.features(texts, what.kernels.threads()));
  };
  return out_of_fold(probe, features, what.stop);
}

// What the probes know of the labels, in bits and as shares of all there is to know.
class Information final : public metrics::Statistics {
 public:
  Information(const baselines::ClassTargets& targets, std::vector<double> encoder, std::vector<double> ngrams)
      : targets_(targets), encoder_(std::move(encoder)), ngrams_(std::move(ngrams)) {}
  enum Value { bits, share, ngram_share, ngrams_more };
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return targets_.rows(); }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override {
    std::vector<double> counts(static_cast<size_t>(targets_.classes), 0.0);
    double rows = 0, encoder = 0, ngrams = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] == 0) continue;
      const double weight = weights[i];
      for (const int32_t label : targets_.row(static_cast<int64_t>(i))) counts[static_cast<size_t>(label)] += weight;
      rows += weight, encoder += weight * encoder_[i], ngrams += weight * ngrams_[i];
    }
    double all = 0;
    if (targets_.exclusive)
      all = entropy_bits(counts);
    else
      for (const double count : counts) all += entropy_bits(std::array{count, rows - count});
    values[bits] = all - encoder / rows;
    values[share] = all > 0 ? values[bits] / all : metrics::kUndefined;
    values[ngram_share] = all > 0 ? (all - ngrams / rows) / all : metrics::kUndefined;
    values[ngrams_more] = values[ngram_share] - values[share];
  }

 private:
  const baselines::ClassTargets& targets_;
  std::vector<double> encoder_, ngrams_;
  std::vector<std::string> names_ = {"information", "information_share", "ngram_information_share", "ngrams_more"};
};

void set_information(const ProbeRows& probe, const std::vector<float>& encoder, const std::vector<float>& ngrams,
                     uint64_t seed, Profile& profile) {
  const Information information(probe.targets, label_bits(probe.targets, encoder), label_bits(probe.targets, ngrams));
  std::array<double, 4> values{};
  information.evaluate(std::vector<uint32_t>(probe.rows.size(), 1), values);
  const auto intervals = metrics::bootstrap_intervals(information, {.seed = seed});
  const auto n = std::ssize(probe.rows);
  const auto set = [&](Information::Value which, const char* title, FigureUnit unit) {
    Figure figure{.name = information.names()[which], .title = title, .value = values[which], .unit = unit, .n = n};
    if (intervals[which].defined()) figure.interval = intervals[which];
    if (std::isnan(figure.value)) figure.note = "all rows have the same label, so there is nothing to know";
    profile.set(std::move(figure));
  };
  set(Information::bits, "what the untouched encoder knows of a row's labels", FigureUnit::bits);
  set(Information::share, "the same, of all there is to know", FigureUnit::share);
  set(Information::ngram_share, "what words and word pairs know of it", FigureUnit::share);
  if (intervals[Information::ngrams_more].low > 0 &&
      values[Information::ngram_share] > kSuspiciouslyMore * values[Information::share])
    profile.warnings.push_back(
        fmt::format("words and word pairs know more of the labels ({:.0f}%) than the untouched encoder ({:.0f}%): the "
                    "model may not fit the texts' language",
                    100 * values[Information::ngram_share], 100 * values[Information::share]));
}

// By class: how many of its rows the probe finds. One label a row: by the likeliest class. Many: among as many rows as
// have the label, those for which it is likeliest (a cut at 0.5 would find none of a rare one).
std::vector<int64_t> rows_found(const ProbeRows& probe, std::span<const float> p, std::span<const int64_t> sizes) {
  const auto k = static_cast<size_t>(probe.targets.classes);
  std::vector<int64_t> found(k, 0);
  if (probe.targets.exclusive) {
    for (size_t i = 0; i < probe.rows.size(); ++i) {
      const auto row = p.subspan(i * k, k);
      const auto label = static_cast<size_t>(probe.targets.row(static_cast<int64_t>(i))[0]);
      found[label] += std::max_element(row.begin(), row.end()) - row.begin() == static_cast<std::ptrdiff_t>(label);
    }
    return found;
  }
  std::vector<size_t> order(probe.rows.size());
  for (size_t c = 0; c < k; ++c) {
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a * k + c] > p[b * k + c]; });
    for (size_t i = 0; i < static_cast<size_t>(sizes[c]); ++i) {
      const auto labels = probe.targets.row(static_cast<int64_t>(order[i]));
      found[c] += std::find(labels.begin(), labels.end(), static_cast<int32_t>(c)) != labels.end();
    }
  }
  return found;
}

void set_recalls(const ModelToMeasure& what, const ProbeRows& probe, std::span<const float> p, Profile& profile) {
  std::vector<int64_t> sizes(static_cast<size_t>(probe.targets.classes), 0);
  for (const int32_t label : probe.targets.labels) ++sizes[static_cast<size_t>(label)];
  const std::vector<int64_t> found = rows_found(probe, p, sizes);
  if (probe.targets.exclusive)
    profile.set(share_figure("probe_accuracy", "accuracy of a linear model on the untouched encoder",
                             std::accumulate(found.begin(), found.end(), int64_t{0}), std::ssize(probe.rows)));
  Figure hardest{.name = "hardest_recall",
                 .title = "recall of the class that it finds least",
                 .unit = FigureUnit::share,
                 .note = fmt::format("no class has {} rows", kRowsOfClass)};
  for (size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] < kRowsOfClass) continue;
    const double recall = static_cast<double>(found[c]) / static_cast<double>(sizes[c]);
    if (!std::isnan(hardest.value) && recall >= hardest.value) continue;
    hardest = share_figure("hardest_recall", hardest.title, found[c], sizes[c]);
    hardest.note = fmt::format("'{}'", what.untrained.labels.name(static_cast<int>(c)));
  }
  profile.set(std::move(hardest));
}

void add_unexpected(const ModelToMeasure& what, const ProbeRows& probe, std::span<const float> p, Profile& profile) {
  const auto k = static_cast<size_t>(probe.targets.classes);
  std::vector<SuspiciousRow> rows;
  for (size_t i = 0; probe.targets.exclusive && i < probe.rows.size(); ++i) {
    const auto row = p.subspan(i * k, k);
    const int32_t label = probe.targets.row(static_cast<int64_t>(i))[0];
    const auto best = std::max_element(row.begin(), row.end());
    const auto sure = static_cast<double>(*best);
    if (sure <= kSure || static_cast<double>(row[static_cast<size_t>(label)]) >= kUnlikely) continue;
    const std::string& expected = what.untrained.labels.name(static_cast<int>(best - row.begin()));
    const data::Dataset& data = what.rows.data;
    rows.push_back(
        {.place = data.describe(data.examples.view(static_cast<size_t>(probe.rows[i])).origin),
         .reason = fmt::format("a linear model on the untouched encoder expects '{}' ({:.2f})", expected, sure),
         .suspicion = sure,
         .label = what.untrained.labels.name(label),
         .expected = expected});
  }
  add_suspicious(profile, std::move(rows));
}

// Each figure, undefined for this reason.
void set_undefined(bool exclusive, int64_t rows, const std::string& why, Profile& profile) {
  for (const char* name :
       {"probe_accuracy", "information", "information_share", "ngram_information_share", "hardest_recall"}) {
    if (!exclusive && std::string_view(name) == "probe_accuracy") continue;
    profile.set({.name = name, .title = name, .unit = FigureUnit::share, .n = rows, .note = why});
  }
}

}  // namespace

bool measure_model(const ModelToMeasure& what, Profile& profile) {
  const tasks::TaskKind kind = what.untrained.task->kind;
  if (kind != tasks::TaskKind::classify && kind != tasks::TaskKind::multilabel) return true;
  const ProbeRows probe = probe_rows(what);
  const auto folds = std::count_if(probe.fold.begin(), probe.fold.end(), [](int fold) { return fold > 0; });
  if (folds == 0) {  // the first cluster is dealt to fold 0, the second to another
    set_undefined(probe.targets.exclusive, std::ssize(probe.rows),
                  probe.rows.empty() ? "no row has a label" : "all rows are nearly the same text", profile);
    return true;
  }
  const auto encoder = probe_encoder(what, probe);
  const auto ngrams = encoder ? probe_ngrams(what, probe) : std::nullopt;
  if (!ngrams) return false;
  Profile measured;  // order: accuracy, information, recall
  set_recalls(what, probe, *encoder, measured);
  if (const Figure* accuracy = measured.find("probe_accuracy")) profile.set(*accuracy);
  set_information(probe, *encoder, *ngrams, what.seed, profile);
  profile.set(*measured.find("hardest_recall"));
  add_unexpected(what, probe, *encoder, profile);
  return true;
}

}  // namespace attune::selection
