#include "attune/losses/check/naive.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/losses/shared/class_weights.h"

namespace attune::losses {
namespace {

// The options as the loss has them, by name with underscores.
nlohmann::json told(const Setting& setting) {
  const auto maker = setting.entry->maker();
  for (const auto& [name, value] : setting.options) maker->options.set(name, value);
  return maker->options.to_json();
}

std::string underscored(const char* name) {
  std::string key = name;
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

class Naive {
 public:
  Naive(const Setting& setting, const Batch& held) : setting_(setting), held_(held), told_(told(setting)) {
    smoothing_ = told_.value("label_smoothing", 0.0);
    // of embeddings it is the loss's own
    temperature_ = setting.entry->fits == TargetKind::embeddings ? 1 : told_.value("temperature", 1.0);
    weights_.assign(static_cast<size_t>(setting.facts.labels), 1.0L);
    const auto given = class_weights(told_.value("weights", std::string("none")), setting.facts);
    for (size_t c = 0; c < given.size(); ++c) weights_[c] = given[c];
  }

  NaiveItem item(const Batch& batch, size_t i) const {
    NaiveItem item;
    const bool embeddings = setting_.entry->fits == TargetKind::embeddings;  // outputs stand with the batch
    const auto p = static_cast<size_t>(batch.columns);
    const auto k = static_cast<size_t>(embeddings ? 1 : setting_.facts.labels);
    for (size_t c = 0; !embeddings && c < p; ++c) {
      item.z.push_back(batch.logits[i * p + c] / temperature_);
      item.held.push_back(held_.logits[i * p + c] / temperature_);
    }
    for (size_t c = 0; c < k && !batch.targets.values.empty(); ++c) {
      const long double y = batch.targets.values[i * k + c];
      const bool smoothed = setting_.entry->fits == TargetKind::labels && y >= 0;
      item.targets.push_back(smoothed ? (1 - smoothing_) * y + smoothing_ / 2 : y);
    }
    for (size_t c = 0; c < k && !batch.targets.teacher.empty(); ++c)
      item.teacher.push_back(batch.targets.teacher[i * k + c]);
    item.counts.assign(setting_.facts.counts.begin(), setting_.facts.counts.end());
    item.names = setting_.facts.names;
    item.items = setting_.facts.items;
    item.own.assign(batch.own.begin(), batch.own.end());
    item.weights = weights_;
    item.option = [this](const char* name) {
      return static_cast<long double>(told_.at(underscored(name)).get<double>());
    };
    item.text = [this](const char* name) {
      const nlohmann::json& value = told_.at(underscored(name));
      return value.is_string() ? value.get<std::string>() : value.dump();
    };
    item.numbers = [this](const char* name) { return told_.at(underscored(name)).get<std::vector<double>>(); };
    return item;
  }

  void add(NaiveOutcome& out, const Batch& batch, size_t i) const {
    const long double u = batch.targets.weight(static_cast<int64_t>(i));
    NaiveItem row = item(batch, i);
    const LossEntry& entry = *setting_.entry;
    long double counts = 0;
    switch (entry.fits) {
      case TargetKind::classes: {
        const int32_t y = batch.targets.classes[i];
        if (y == kIgnored) return;
        row.y = static_cast<size_t>(y), counts = weights_[row.y];
        out.sum += u * (entry.outputs == 0 ? smoothed(row) : entry.reference(row));
        break;
      }
      case TargetKind::labels:
        for (size_t c = 0; c < row.targets.size(); ++c) counts += row.targets[c] >= 0 ? weights_[c] : 0;
        if (counts > 0) out.sum += u * entry.reference(row);
        break;
      case TargetKind::scores:
        if (std::isnan(row.targets[0])) return;
        counts = 1;
        out.sum += u * entry.reference(row);
        break;
      case TargetKind::embeddings:
        return;  // batches only
    }
    out.denominator += u * (entry.reference_denominator ? entry.reference_denominator(row) : counts);
  }

 private:
  // sum_c w_c q_c f(z, c), q = (1-e) onehot(y) + e/K
  long double smoothed(NaiveItem& row) const {
    const size_t y = row.y, k = weights_.size();
    long double sum = 0;
    for (row.y = 0; row.y < k; ++row.y)
      sum += weights_[row.y] * ((row.y == y ? 1 - smoothing_ : 0) + smoothing_ / static_cast<long double>(k)) *
             setting_.entry->reference(row);
    return sum;
  }

  const Setting& setting_;
  const Batch& held_;
  nlohmann::json told_;
  long double smoothing_, temperature_;
  std::vector<long double> weights_;
};

}  // namespace

NaiveOutcome naive(const Setting& setting, const Batch& batch, const Batch* held) {
  const Naive by_definition(setting, held ? *held : batch);
  NaiveOutcome out;
  if (setting.entry->batch_reference == nullptr) {
    for (size_t i = 0; i < static_cast<size_t>(batch.rows()); ++i) by_definition.add(out, batch, i);
    return out;
  }
  NaiveBatch all{.items = {}, .u = {}, .ignored = {}, .sequences = {}, .names = setting.facts.names};
  all.sequences.assign(batch.targets.sequences.begin(), batch.targets.sequences.end());
  const bool embeddings = setting.entry->fits == TargetKind::embeddings;
  if (embeddings) {
    const auto width = static_cast<size_t>(batch.columns);
    for (size_t t = 0; t < static_cast<size_t>(batch.rows()); ++t)
      all.vectors.emplace_back(&batch.logits[t * width], &batch.logits[t * width] + width);
    all.texts = batch.targets.texts;
    const std::vector<float>& hidden = batch.targets.teacher_hidden;
    const size_t wide = all.vectors.empty() ? 0 : hidden.size() / all.vectors.size();
    for (size_t t = 0; wide > 0 && t < all.vectors.size(); ++t)
      all.teacher_vectors.emplace_back(&hidden[t * wide], &hidden[t * wide] + wide);
    all.score_low = setting.facts.score_low, all.score_high = setting.facts.score_high;
  }
  const auto items = static_cast<size_t>(embeddings ? batch.targets.items() : batch.rows());
  for (size_t i = 0; i < items; ++i) {
    all.items.push_back(by_definition.item(batch, i));
    all.u.push_back(batch.targets.weight(static_cast<int64_t>(i)));
    const bool classes = !batch.targets.classes.empty();
    all.ignored.push_back(classes && batch.targets.classes[i] == kIgnored);
    if (classes && !all.ignored.back()) all.items.back().y = static_cast<size_t>(batch.targets.classes[i]);
  }
  if (setting.entry->batch_denominator) {
    out.denominator = setting.entry->batch_denominator(all);
  } else {
    for (size_t c = 0; !all.items.empty() && c < all.items[0].targets.size(); ++c)
      if (std::any_of(all.items.begin(), all.items.end(), [&](const auto& item) { return item.targets[c] >= 0; }))
        out.denominator += all.items[0].weights[c];
  }
  if (!all.items.empty()) out.sum = setting.entry->batch_reference(all);
  return out;
}

}  // namespace attune::losses
