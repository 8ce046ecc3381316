#include "attune/data/example_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/data/words.h"

namespace attune::data {
namespace {

using Kind = Value::Kind;

bool is_scalar(Kind kind) {
  return kind == Kind::text || kind == Kind::number || kind == Kind::boolean;
}
bool is_nothing(Kind kind) {
  return kind == Kind::absent || kind == Kind::null;
}

std::string shown(const Value& value) {
  return is_scalar(value.kind) ? "'" + value.text + "'" : name(value.kind);
}

}  // namespace

ExampleReader::ExampleReader(std::unique_ptr<RecordReader> records, TargetKind target, TargetNeed need,
                             ReadOptions options, int32_t file)
    : records_(std::move(records)), target_(target), need_(need), options_(std::move(options)), file_(file) {}

bool ExampleReader::next(Example& example) {
  if (!records_->next(record_)) return false;
  if (!chosen_) {
    columns_ = choose_columns({records_->columns(), records_->name(), records_->format(), target_, need_}, options_);
    chosen_ = true;
  } else if (known_columns_ < records_->columns().size() && columns_.shape == TextShape::pairs) {
    columns_.negatives =
        negative_columns({records_->columns(), records_->name(), records_->format(), target_, need_}, options_);
  }
  known_columns_ = records_->columns().size();
  example = Example();
  example.origin = {file_, record_.line};
  if (target_ == TargetKind::tags) {
    read_words(example);
  } else {
    example.text = text_of(columns_.text);
    example.has_pair = columns_.text_pair >= 0;
    if (example.has_pair) example.text_pair = text_of(columns_.text_pair);
  }
  read_negatives(example);
  if (columns_.shape == TextShape::pairs) example.score = 1;  // as much as a judgement can say
  if (!columns_.label.empty()) read_target(example);
  if (columns_.weight >= 0) {
    example.weight = number_of(columns_.weight, "weight");
    if (example.weight < 0) fail(ErrorKind::input, "{}: the weight is {}; expected 0 or more", where(), example.weight);
  }
  if (columns_.id >= 0) example.id = trimmed(value(columns_.id).text);
  return true;
}

const Value& ExampleReader::value(int column) const {
  static const Value kAbsent;
  const auto at = static_cast<size_t>(column);
  return at < record_.values.size() ? record_.values[at] : kAbsent;
}

std::string ExampleReader::where() const {
  return records_->name() + " line " + std::to_string(record_.line);
}

std::string ExampleReader::text_of(int column) const {
  const Value& found = value(column);
  if (is_scalar(found.kind)) return found.text;
  fail(ErrorKind::input, "{}: '{}' holds {}; expected the text", where(),
       records_->columns()[static_cast<size_t>(column)], name(found.kind));
}

// Words come as a list; or as one text, which is split.
void ExampleReader::read_words(Example& example) const {
  const Value& found = value(columns_.text);
  if (found.kind != Kind::list) {
    example.text = text_of(columns_.text);
    split_words(example.text, example.words, example.word_spans);
    return;
  }
  for (size_t i = 0; i < found.items.size(); ++i)
    if (trimmed(found.items[i]).empty())
      fail(ErrorKind::input, "{}: word {} of {} is empty", where(), i + 1, found.items.size());
  example.words = found.items;
  example.line_a_word = std::string_view(records_->format()) == "conll";
  example.text = join_words(example.words, example.word_spans);
}

// A column holds one, a list of some, or nothing: rows may have different numbers of them.
void ExampleReader::read_negatives(Example& example) const {
  for (const int column : columns_.negatives) {
    const Value& found = value(column);
    if (is_nothing(found.kind) || (is_scalar(found.kind) && trimmed(found.text).empty())) continue;
    if (found.kind == Kind::list)
      std::copy_if(found.items.begin(), found.items.end(), std::back_inserter(example.negatives),
                   [](const std::string& item) { return !trimmed(item).empty(); });
    else
      example.negatives.push_back(text_of(column));
  }
}

void ExampleReader::read_target(Example& example) const {
  const Value& found = value(columns_.label[0]);
  const bool empty = is_nothing(found.kind) || (is_scalar(found.kind) && trimmed(found.text).empty());
  const std::string& column = records_->columns()[static_cast<size_t>(columns_.label[0])];
  if (empty && columns_.label.size() == 1 && need_ == TargetNeed::optional) return;
  example.has_target = true;
  switch (target_) {
    case TargetKind::score:
      example.score = number_of(columns_.label[0], "score");
      return;
    case TargetKind::labels:
      return columns_.label.size() > 1 ? read_indicators(example) : read_label_list(example);
    case TargetKind::tags:
      return read_tags(example);
    case TargetKind::texts:
      if (columns_.shape == TextShape::labelled) break;
      example.score = number_of(columns_.label[0], "score");
      return;
    case TargetKind::label:
      break;
  }
  if (empty)
    fail(ErrorKind::input, "{}: the label (column '{}') is empty; every row needs one: fill it in or remove the row",
         where(), column);
  if (found.kind == Kind::list && found.items.size() == 1) {
    example.labels.emplace_back(trimmed(found.items[0]));
    return;
  }
  if (!is_scalar(found.kind))
    fail(ErrorKind::input, "{}: the label (column '{}') is {}; expected one value{}", where(), column, name(found.kind),
         found.kind == Kind::list ? " (for several labels a row: --task multilabel)" : "");
  example.labels.emplace_back(trimmed(found.text));
}

void ExampleReader::read_tags(Example& example) const {
  const Value& found = value(columns_.label[0]);
  if (found.kind != Kind::list)
    fail(ErrorKind::input,
         "{}: the tags are {}; expected a list with one tag a word (CoNLL columns, or JSONL with the "
         "lists 'tokens' and 'tags')",
         where(), shown(found));
  if (value(columns_.text).kind != Kind::list)
    fail(ErrorKind::input, "{}: tags come with a list of words, the words here are {}", where(),
         name(value(columns_.text).kind));
  if (found.items.size() != example.words.size())
    fail(ErrorKind::input, "{}: {} tags for {} words; expected one a word", where(), found.items.size(),
         example.words.size());
  for (size_t i = 0; i < found.items.size(); ++i) {
    example.labels.emplace_back(trimmed(found.items[i]));
    if (example.labels.back().empty())
      fail(ErrorKind::input, "{}: the tag of word {} ('{}') is empty", where(), i + 1, example.words[i]);
  }
}

void ExampleReader::read_label_list(Example& example) const {
  const Value& found = value(columns_.label[0]);
  const auto add = [&](std::string_view item) {
    const std::string label(trimmed(item));
    if (label.empty()) fail(ErrorKind::input, "{}: one of the labels is empty in {}", where(), shown(found));
    if (std::find(example.labels.begin(), example.labels.end(), label) != example.labels.end())
      fail(ErrorKind::input, "{}: the label '{}' stands twice in one row; remove one", where(), label);
    example.labels.push_back(label);
  };
  if (found.kind == Kind::list) {
    for (const auto& item : found.items) add(item);
  } else if (found.kind == Kind::object || found.kind == Kind::absent) {
    fail(ErrorKind::input, "{}: the labels are {}; expected a list of labels, [] for none", where(), name(found.kind));
  } else if (!trimmed(found.text).empty()) {
    const std::string_view text = found.text;
    const std::string& separator = options_.label_separator;
    if (separator.empty()) return add(text);
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find(separator, at), text.size());
      add(text.substr(at, end - at));
      at = end + separator.size();
    }
  }
}

void ExampleReader::read_indicators(Example& example) const {
  for (int column : columns_.label) {
    const Value& found = value(column);
    const std::string_view text = trimmed(found.text);
    const std::string& label = records_->columns()[static_cast<size_t>(column)];
    if (text == "1" || text == "true" || text == "True" || text == "1.0") {
      example.labels.push_back(label);
    } else if (text != "0" && text != "false" && text != "False" && text != "0.0") {
      fail(ErrorKind::input, "{}: column '{}' holds {}; expected 0 or 1, as for each of several label columns", where(),
           label, shown(found));
    }
  }
}

double ExampleReader::number_of(int column, const char* what) const {
  const Value& found = value(column);
  const std::string& label = records_->columns()[static_cast<size_t>(column)];
  std::string_view text = trimmed(found.text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = code == std::errc() && end == text.data() + text.size();
  if ((found.kind != Kind::text && found.kind != Kind::number) || !whole || !std::isfinite(number))
    fail(ErrorKind::input, "{}: the {} (column '{}') is {}; expected a finite number such as 3.5", where(), what, label,
         shown(found));
  return number;
}

}  // namespace attune::data
