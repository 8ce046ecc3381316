#include "attune/losses/check/samples.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "attune/base/rng.h"

namespace attune::losses {
namespace {

constexpr const char* kShared = "shared by";
constexpr int64_t kSampleDimensions = 4;  // of embeddings
constexpr int64_t kTeachersDimensions = 5;
constexpr double kLeastTemperature = 0.01;  // least that anybody uses; below, f32 has little to say

std::string plain(double value) {
  return fmt::format("{}", value);
}

// Values that a numeric option may well be given.
std::vector<double> worth_trying(const Option& option, double fallback) {
  const double guard = option.name == "temperature" ? kLeastTemperature : -INFINITY;
  const double low = std::max(option.info.min, guard), high = option.info.max;
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
std::string number_list(int64_t count, double first, double step) {
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

// Names of classes, with one that means none of the others.
std::vector<std::string> classes(int64_t labels) {
  std::vector<std::string> names;
  for (int64_t c = 0; c < labels; ++c) names.push_back(c == 1 ? "oos" : fmt::format("class {}", c));
  return names;
}

double uniform(uint64_t seed, uint64_t index) {  // in [0, 1)
  return static_cast<double>(mix_key(mix64(seed), index) >> 11) * 0x1p-53;
}

// Training data of embeddings: scores that are cosines, and others.
std::vector<LossFacts> facts_of_texts(const LossEntry& entry) {
  std::vector<LossFacts> all(3, LossFacts{.labels = 3, .texts = entry.needs, .negatives = true});
  all[0].score_high = 1;
  all[1].labels = 2, all[1].score_high = 5;
  all[2].labels = 5, all[2].score_low = -1, all[2].score_high = 1;
  return all;
}

// The targets of the next row of texts, and how many texts it has.
int64_t add_row_of_texts(Targets& targets, const Setting& setting, int64_t i, bool unknown, double what) {
  const LossFacts& facts = setting.facts;
  targets.weights.push_back(std::vector<float>{1, 0.5F, 2}[static_cast<size_t>(i % 3)]);
  switch (setting.entry->needs) {
    case TextRows::labelled:
      targets.classes.push_back(unknown ? kIgnored : static_cast<int32_t>(what * static_cast<double>(facts.labels)));
      return 1;
    case TextRows::scored:  // of few values: some are equal
      targets.values.push_back(unknown ? std::nanf("")
                                       : static_cast<float>(facts.score_low + (facts.score_high - facts.score_low) *
                                                                                  std::floor(what * 5) / 4));
      return 2;
    default:  // an anchor, a positive, none to two negatives
      return 2 + (i + 1) % 3;
  }
}

Batch sample_of_texts(const Setting& setting, int64_t rows, uint64_t seed, bool some_ignored) {
  Batch batch{.columns = kSampleDimensions, .logits = {}, .targets = {}};
  Targets& targets = batch.targets;
  uint64_t draw = 0;
  const auto next = [&] { return uniform(seed, draw++); };
  targets.sequences.push_back(0);
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t texts = add_row_of_texts(targets, setting, i, some_ignored && i % 4 == 3, next());
    for (int64_t t = 0; t < texts; ++t) {
      for (int64_t c = 0; c < batch.columns; ++c) batch.logits.push_back(6 * next() - 3);
      targets.texts.push_back(static_cast<uint64_t>(next() * 8));  // few: equal texts in many places
      for (int64_t c = 0; setting.entry->reads_teacher == Teacher::hidden && c < kTeachersDimensions; ++c)
        targets.teacher_hidden.push_back(some_ignored && batch.rows() % 5 == 1 ? std::nanf("")
                                                                               : static_cast<float>(6 * next() - 3));
    }
    targets.sequences.push_back(static_cast<int32_t>(batch.rows()));
  }
  return batch;
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
  if (entry->fits == TargetKind::embeddings) return kSampleDimensions;
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
    if (entry.fits != TargetKind::scores) known.names = entry.sequential ? tags(labels) : classes(labels);
    for (int64_t c = 0; c < known.labels; ++c)
      known.counts.push_back(static_cast<double>((c == 1 ? 40 : 7) + 3 * c)), known.items += known.counts.back();
    return known;
  };
  if (entry.fits == TargetKind::embeddings)
    for (const LossFacts& known : facts_of_texts(entry)) settings.push_back({&entry, known});
  else
    for (const int64_t more : {0, 1, 3}) settings.push_back({&entry, facts(entry.least_labels + more)});
  const auto maker = entry.maker();
  for (const Option& option : maker->options.options()) {
    const auto set = [&](std::string value) {
      LossFacts known = entry.fits == TargetKind::embeddings ? facts_of_texts(entry)[0] : facts(3);
      settings.push_back({&entry, std::move(known), {{option.name, std::move(value)}}});
    };
    const bool shared = option.group.starts_with(kShared);
    if (const auto* number = std::get_if<double*>(&option.target); number && shared)
      set(plain(option.name == "temperature" ? 2 : 0.2));
    else if (number)
      for (const double value : worth_trying(option, **number)) set(plain(value));
    else if (std::holds_alternative<std::vector<double>*>(option.target) || option.name == "weights")
      set(number_list(entry.fits == TargetKind::scores ? 1 : 3, 0.5, 0.75));
    else if (const auto* flag = std::get_if<bool*>(&option.target))
      set(**flag ? "false" : "true");
    else if (option.name == "costs")
      set(prices(3));
    else if (std::holds_alternative<std::optional<double>*>(option.target))
      set(plain(option.name == "low" ? -0.5 : 1.5));
    for (const std::string& choice : option.info.choices)
      if (choice != option.default_text) set(choice);
  }
  return settings;
}

Batch sample(const Setting& setting, int64_t rows, uint64_t seed, bool some_ignored) {
  if (setting.entry->fits == TargetKind::embeddings) return sample_of_texts(setting, rows, seed, some_ignored);
  Batch batch{.columns = setting.outputs(), .logits = {}, .targets = {}};
  uint64_t draw = 0;
  const auto next = [&] { return uniform(seed, draw++); };
  const int64_t k = setting.facts.labels;
  batch.targets.width = k;
  const auto add_row = [&](int64_t i, float weight) {
    for (int64_t c = 0; c < batch.columns; ++c) batch.logits.push_back(6 * next() - 3);
    batch.targets.weights.push_back(weight);
    for (int64_t c = 0; setting.entry->reads_teacher == Teacher::answers && c < k; ++c)
      batch.targets.teacher.push_back(some_ignored && i % 5 == 1 ? std::nanf("") : static_cast<float>(6 * next() - 3));
    batch.targets.examples.push_back(static_cast<int32_t>(i));
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
      case TargetKind::embeddings:
        break;  // sample_of_texts
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

// Rows of texts: several vectors, one target.
bool has_texts(const Batch& batch) {
  return !batch.targets.texts.empty();
}

// Rows [first, last) of the logits that a row (sentence) is.
std::pair<int64_t, int64_t> extent(const Batch& batch, int64_t row) {
  const auto& sequences = batch.targets.sequences;
  if (sequences.empty()) return {row, row + 1};
  return {sequences[static_cast<size_t>(row)], sequences[static_cast<size_t>(row) + 1]};
}

}  // namespace

int64_t first_row(const Batch& batch, int64_t row) {
  const auto& sequences = batch.targets.sequences;
  return sequences.empty() ? row : sequences[static_cast<size_t>(row)];
}

void set_weights(Batch& batch, const std::vector<float>& weights) {
  if (has_texts(batch)) batch.targets.weights = weights;
  for (int64_t i = 0; !has_texts(batch) && i < std::ssize(weights); ++i) {
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
    auto [first, last] = extent(batch, row);
    const auto copy = [&first = first, &last = last](auto& to, const auto& from, int64_t width) {
      if (!from.empty()) to.insert(to.end(), from.begin() + first * width, from.begin() + last * width);
    };
    copy(some.logits, batch.logits, batch.columns);
    copy(some.targets.texts, batch.targets.texts, 1);
    copy(some.targets.teacher_hidden, batch.targets.teacher_hidden, kTeachersDimensions);
    if (has_texts(batch)) first = row, last = row + 1;
    copy(some.targets.classes, batch.targets.classes, 1);
    copy(some.targets.values, batch.targets.values, batch.targets.width);
    copy(some.targets.weights, batch.targets.weights, 1);
    copy(some.targets.teacher, batch.targets.teacher, batch.targets.width);
    copy(some.targets.examples, batch.targets.examples, 1);
    if (!batch.targets.sequences.empty()) some.targets.sequences.push_back(static_cast<int32_t>(some.rows()));
  }
  return some;
}

}  // namespace attune::losses
