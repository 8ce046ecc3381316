#include "attune/data/labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/data/line_reader.h"

namespace attune::data {
namespace {

std::optional<int64_t> integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string made_up_name(size_t output) {
  return "LABEL_" + std::to_string(output);
}

// The first few labels, for messages.
std::string some(const std::vector<std::string>& names) {
  constexpr size_t kMost = 12;
  std::string text;
  for (size_t i = 0; i < std::min(kMost, names.size()); ++i) text += (i ? ", '" : "'") + names[i] + "'";
  return names.size() > kMost ? text + ", ..." : text;
}

// The labels of all rows, or of one file's.
std::vector<std::string> labels_that_occur(const Examples& examples, std::optional<int32_t> file = {}) {
  std::vector<bool> seen(examples.label_names().size(), false);
  for (size_t row = 0; row < examples.size(); ++row) {
    const ExampleView example = examples.view(row);
    if (file && example.origin.file != *file) continue;
    for (int32_t i = 0; i < example.label_count; ++i) seen[static_cast<size_t>(example.label(i))] = true;
  }
  std::vector<std::string> labels;
  for (size_t i = 0; i < seen.size(); ++i)
    if (seen[i]) labels.push_back(examples.label_names()[i]);
  return labels;
}

std::string labels_in_file(const Dataset& dataset, int32_t file) {
  return some(Labels::sorted(labels_that_occur(dataset.examples, file)).names());
}

[[noreturn]] void refuse_label(const Dataset& dataset, const Example& example, size_t which, const Labels& labels,
                               std::string_view source) {
  const std::string& label = example.labels[which];
  const std::string near = did_you_mean(label, labels.names());
  const std::string numbers =
      labels.is_made_up() ? fmt::format(" (made-up names: 0 to {} mean them too)", labels.size() - 1) : "";
  fail(ErrorKind::input, "{}: {} lacks the label '{}'{} Known are {}{}; the labels in this file are {}",
       dataset.describe(example.word_origin(which)), source, label, near.empty() ? "." : near, some(labels.names()),
       numbers, labels_in_file(dataset, example.origin.file));
}

}  // namespace

Labels::Labels(std::vector<std::string> ordered, std::string_view where) : names_(std::move(ordered)) {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].empty()) fail(ErrorKind::input, "{}: label {} is empty", where, i + 1);
    if (!index_.try_emplace(names_[i], static_cast<int>(i)).second)
      fail(ErrorKind::input, "{}: the label '{}' stands there twice; expected each once", where, names_[i]);
  }
  made_up_ = !names_.empty();
  for (size_t i = 0; i < names_.size(); ++i) made_up_ = made_up_ && names_[i] == made_up_name(i);
}

Labels Labels::from_file(const std::string& path) {
  LineReader lines = LineReader::open(path);
  std::vector<std::string> ordered;
  for (std::string_view line; lines.next(line);)
    if (const auto label = trimmed(line); !label.empty()) ordered.emplace_back(label);
  if (ordered.empty()) fail(ErrorKind::input, "{} holds no label; expected one a line", path);
  return Labels(std::move(ordered), path);
}

Labels Labels::sorted(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());  // bytes of UTF-8 sort as code points do
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (std::all_of(values.begin(), values.end(), [](const auto& text) { return integer(text).has_value(); }))
    std::stable_sort(values.begin(), values.end(),
                     [](const auto& a, const auto& b) { return *integer(a) < *integer(b); });
  return Labels(std::move(values));
}

Labels Labels::made_up(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(made_up_name(static_cast<size_t>(i)));
  return Labels(std::move(names));
}

int Labels::find_by_number(std::string_view label) const {
  const auto number = made_up_ ? integer(label) : std::nullopt;
  const bool there = number && *number >= 0 && *number < size() && std::to_string(*number) == label;
  return there ? static_cast<int>(*number) : -1;
}

bool Labels::are_grades() const {
  double before = -INFINITY;
  for (const std::string& name : names_) {
    double value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error != std::errc() || end != name.data() + name.size() || !(value > before)) return false;
    before = value;
  }
  return names_.size() >= 3;
}

int Labels::find(std::string_view label) const {
  const auto found = index_.find(std::string(label));
  return found == index_.end() ? -1 : found->second;
}

Labels labels_of(const Dataset& train, TargetKind target) {
  std::vector<std::string> seen = labels_that_occur(train.examples);
  const std::string file = train.files.empty() ? "the training data" : train.files[0];
  if (seen.empty()) fail(ErrorKind::input, "{}: no row has a label; nothing can be learned", file);
  if (seen.size() == 1 && target != TargetKind::labels)
    fail(ErrorKind::input,
         "{}: all rows have the same label '{}'; expected at least two classes. Is the column right "
         "(--label)?",
         file, seen[0]);
  return Labels::sorted(std::move(seen));
}

LabelIds number_labels(const Dataset& dataset, const Labels& labels, std::string_view source) {
  const Examples& examples = dataset.examples;
  LabelIds numbered{.ids = Column<int32_t>(examples.folder()), .offsets = Column<int64_t>(examples.folder())};
  numbered.offsets.push_back(0);
  struct Known {
    int id = -1;
    bool by_number = false;
  };
  std::vector<Known> known;  // by label of the data
  for (const std::string& label : examples.label_names()) {
    Known one{.id = labels.find(label)};
    if (one.id < 0) one.id = labels.find_by_number(label), one.by_number = one.id >= 0;
    known.push_back(one);
  }
  for (size_t row = 0; row < examples.size(); ++row) {
    const ExampleView example = examples.view(row);
    for (int32_t i = 0; i < example.label_count; ++i) {
      const Known& label = known[static_cast<size_t>(example.label(i))];
      if (label.id < 0) refuse_label(dataset, examples[row], static_cast<size_t>(i), labels, source);
      numbered.by_number = numbered.by_number || label.by_number;
      numbered.ids.push_back(label.id);
    }
    numbered.offsets.push_back(numbered.ids.size());
  }
  numbered.ids.seal(), numbered.offsets.seal();
  return numbered;
}

}  // namespace attune::data
