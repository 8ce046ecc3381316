#include "attune/data/labels.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/data/blanks.h"
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

std::string labels_in_file(const Dataset& dataset, int32_t file) {
  std::set<std::string> seen;
  for (const Example& example : dataset.examples)
    if (example.origin.file == file) seen.insert(example.labels.begin(), example.labels.end());
  return some(Labels::sorted({seen.begin(), seen.end()}).names());
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

int Labels::find(std::string_view label) const {
  const auto found = index_.find(std::string(label));
  return found == index_.end() ? -1 : found->second;
}

Labels labels_of(const Dataset& train, TargetKind target) {
  std::set<std::string, std::less<>> seen;
  for (const Example& example : train.examples)
    for (const auto& label : example.labels)
      if (!seen.contains(label)) seen.insert(label);
  const std::string file = train.files.empty() ? "the training data" : train.files[0];
  if (seen.empty()) fail(ErrorKind::input, "{}: no row has a label; nothing can be learned", file);
  if (seen.size() == 1 && target != TargetKind::labels)
    fail(ErrorKind::input,
         "{}: all rows have the same label '{}'; expected at least two classes. Is the column right "
         "(--label)?",
         file, *seen.begin());
  return Labels::sorted({seen.begin(), seen.end()});
}

LabelIds number_labels(const Dataset& dataset, const Labels& labels, std::string_view source) {
  LabelIds numbered;
  numbered.offsets.reserve(dataset.examples.size() + 1);
  numbered.offsets.push_back(0);
  for (const Example& example : dataset.examples) {
    for (size_t i = 0; i < example.labels.size(); ++i) {
      int id = labels.find(example.labels[i]);
      if (id < 0) {
        id = labels.find_by_number(example.labels[i]);
        if (id < 0) refuse_label(dataset, example, i, labels, source);
        numbered.by_number = true;
      }
      numbered.ids.push_back(id);
    }
    numbered.offsets.push_back(static_cast<int64_t>(numbered.ids.size()));
  }
  return numbered;
}

}  // namespace attune::data
