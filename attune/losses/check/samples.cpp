#include "attune/losses/check/samples.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "attune/base/rng.h"

namespace attune::losses {
namespace {

constexpr const char* kShared = "shared by";

std::string plain(double value) {
  return fmt::format("{}", value);
}

// Values that a numeric option may well be given.
std::vector<double> worth_trying(const Option& option, double fallback) {
  const double low = option.info.min, high = option.info.max;
  std::set<double> values;
  for (const double value : {fallback / 2, fallback * 1.5 + 0.1})
    values.insert(std::clamp(value, low, std::isinf(high) ? value : high));
  if (std::isfinite(low)) values.insert(low);
  // A largest value that is only a guard (of hundreds) is no use to anybody.
  if (high <= 1) values.insert(high);
  values.erase(fallback);
  return {values.begin(), values.end()};
}

// A number for each of `count`, all different, for options that take a list.
std::string numbers(int64_t count, double first, double step) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) text += (i ? "," : "") + plain(first + step * static_cast<double>(i));
  return text;
}

std::string prices(int64_t labels) {
  std::string text;
  for (int64_t y = 0; y < labels; ++y) {
    text += y ? ";" : "";
    for (int64_t c = 0; c < labels; ++c)
      text += (c ? "," : "") + plain(c == y ? 0.0 : 1 + 0.5 * static_cast<double>((3 * y + c) % 5));
  }
  return text;
}

// Names of tags: of two of them no IOB2, of three and five.
std::vector<std::string> tags(int64_t labels) {
  if (labels == 2) return {"noun", "verb"};
  if (labels == 3) return {"B-x", "I-x", "O"};
  return {"B-x", "B-y", "I-x", "I-y", "O"};
}

double uniform(uint64_t seed, uint64_t index) {  // in [0, 1)
  return static_cast<double>(mix_key(mix64(seed), index) >> 11) * 0x1p-53;
}

}  // namespace

std::unique_ptr<Loss> Setting::make() const {
  const auto maker = entry->maker();
  for (const auto& [name, value] : options) maker->options.set(name, value);
  return maker->make(facts);
}

std::string Setting::text() const {
  std::string text = entry->name;
  for (size_t i = 0; i < options.size(); ++i)
    text += fmt::format("{}{}={}", i ? ", " : "(", options[i].first, options[i].second);
  return text + fmt::format("{}, {} label{}", options.empty() ? "" : ")", facts.labels, facts.labels == 1 ? "" : "s");
}

int64_t Setting::outputs() const {
  const auto loss = make();
  return loss->link() ? loss->link()->outputs(facts.labels) : facts.labels;
}

int64_t Setting::own() const {
  return entry->own ? entry->own(facts.labels) : 0;
}

std::vector<Setting> settings_of(const LossEntry& entry) {
  std::vector<Setting> settings;
  const auto facts = [&](int64_t labels) {
    LossFacts known{.labels = entry.fits == TargetKind::scores ? 1 : labels, .sequences = entry.sequential};
    if (entry.sequential) known.names = tags(labels);
    for (int64_t c = 0; c < known.labels; ++c)
      known.counts.push_back(static_cast<double>((c == 1 ? 40 : 7) + 3 * c)), known.items += known.counts.back();
    return known;
  };
  for (const int64_t labels : {2, 3, 5}) settings.push_back({&entry, facts(labels)});
  const auto maker = entry.maker();
  for (const Option& option : maker->options.options()) {
    const auto set = [&](std::string value) {
      settings.push_back({&entry, facts(3), {{option.name, std::move(value)}}});
    };
    const bool shared = option.group.starts_with(kShared);
    if (const auto* number = std::get_if<double*>(&option.target); number && shared)
      set(plain(option.name == "temperature" ? 2 : 0.2));
    else if (number)
      for (const double value : worth_trying(option, **number)) set(plain(value));
    else if (std::holds_alternative<std::vector<double>*>(option.target) || option.name == "weights")
      set(numbers(entry.fits == TargetKind::scores ? 1 : 3, 0.5, 0.75));
    else if (const auto* flag = std::get_if<bool*>(&option.target))
      set(**flag ? "false" : "true");
    else if (option.name == "costs")
      set(prices(3));
  }
  return settings;
}

Batch sample(const Setting& setting, int64_t rows, uint64_t seed, bool some_ignored) {
  Batch batch{.columns = setting.outputs(), .logits = {}, .targets = {}};
  uint64_t draw = 0;
  const auto next = [&] { return uniform(seed, draw++); };
  const int64_t k = setting.facts.labels;
  batch.targets.width = k;
  const auto add_row = [&](int64_t i, float weight) {
    for (int64_t c = 0; c < batch.columns; ++c) batch.logits.push_back(6 * next() - 3);
    batch.targets.weights.push_back(weight);
    const bool unknown = some_ignored && i % 4 == 3;
    switch (setting.entry->fits) {
      case TargetKind::classes:
        batch.targets.classes.push_back(unknown ? kIgnored : static_cast<int32_t>(next() * static_cast<double>(k)));
        break;
      case TargetKind::labels:
        for (int64_t c = 0; c < k; ++c) {
          const double what = next();
          batch.targets.values.push_back(some_ignored && what < 0.15 ? -1.0F
                                         : what < 0.5                ? 0.0F
                                         : what < 0.85               ? 1.0F
                                                                     : 0.3F);
        }
        break;
      case TargetKind::scores:
        batch.targets.values.push_back(unknown ? std::nanf("") : static_cast<float>(6 * next() - 3));
        break;
    }
  };
  const bool sequential = setting.entry->sequential;
  if (sequential) batch.targets.sequences.push_back(0);
  for (int64_t i = 0; i < rows; ++i) {
    const float weight = std::vector<float>{1, 0.5F, 2}[static_cast<size_t>(i % 3)];
    const int64_t words = sequential ? 1 + (i + 1) % 3 : 1;
    for (int64_t w = 0; w < words; ++w) add_row(sequential ? i * 3 + w : i, weight);
    if (sequential) batch.targets.sequences.push_back(static_cast<int32_t>(batch.rows()));
  }
  for (int64_t i = 0; i < setting.own(); ++i) batch.own.push_back(2 * next() - 1);
  return batch;
}

namespace {

// Rows [first, last) of the logits that a row (sentence) is.
std::pair<int64_t, int64_t> extent(const Batch& batch, int64_t row) {
  const auto& sequences = batch.targets.sequences;
  if (sequences.empty()) return {row, row + 1};
  return {sequences[static_cast<size_t>(row)], sequences[static_cast<size_t>(row) + 1]};
}

}  // namespace

int64_t first_row(const Batch& batch, int64_t row) {
  return extent(batch, row).first;
}

void set_weights(Batch& batch, const std::vector<float>& weights) {
  for (int64_t i = 0; i < std::ssize(weights); ++i) {
    const auto [first, last] = extent(batch, i);
    std::fill(batch.targets.weights.begin() + first, batch.targets.weights.begin() + last,
              weights[static_cast<size_t>(i)]);
  }
}

Batch rows_of(const Batch& batch, const std::vector<int64_t>& rows) {
  Batch some{.columns = batch.columns, .logits = {}, .targets = {}, .own = batch.own};
  some.targets.width = batch.targets.width;
  if (!batch.targets.sequences.empty()) some.targets.sequences.push_back(0);
  for (const int64_t row : rows) {
    const auto [first, last] = extent(batch, row);
    const auto copy = [first = first, last = last](auto& to, const auto& from, int64_t width) {
      if (!from.empty()) to.insert(to.end(), from.begin() + first * width, from.begin() + last * width);
    };
    copy(some.logits, batch.logits, batch.columns);
    copy(some.targets.classes, batch.targets.classes, 1);
    copy(some.targets.values, batch.targets.values, batch.targets.width);
    copy(some.targets.weights, batch.targets.weights, 1);
    if (!batch.targets.sequences.empty()) some.targets.sequences.push_back(static_cast<int32_t>(some.rows()));
  }
  return some;
}

}  // namespace attune::losses
