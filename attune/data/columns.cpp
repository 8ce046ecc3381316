#include "attune/data/columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::data {
namespace {

using Names = std::span<const std::string_view>;

// Tiers: a name of an earlier tier wins over all of the later ones; two of one tier are ambiguous.
constexpr std::array kText1 = {std::string_view("text"), std::string_view("文本")};
constexpr std::string_view kText2[] = {"sentence", "content", "review", "question", "query", "utterance",
                                       "message",  "comment", "tweet",  "document", "body",  "post",
                                       "snippet",  "内容",    "句子",   "评论"};
constexpr std::string_view kText3[] = {"title", "headline", "subject", "summary", "标题"};
constexpr std::string_view kWordColumns[] = {"tokens", "words"};
constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
    {"text_a", "text_b"},     {"sentence1", "sentence2"},   {"sentence_1", "sentence_2"}, {"sentence_a", "sentence_b"},
    {"text1", "text2"},       {"text_1", "text_2"},         {"premise", "hypothesis"},    {"question1", "question2"},
    {"question", "sentence"}, {"question", "answer"},       {"question", "context"},      {"question", "passage"},
    {"query", "passage"},     {"query", "document"},        {"query", "answer"},          {"claim", "evidence"},
    {"text", "text_pair"},    {"sentence", "sentence_pair"}};
// Pairs that only an embedding task has; they are tried first.
constexpr std::pair<std::string_view, std::string_view> kBelonging[] = {{"anchor", "positive"},
                                                                        {"query", "positive"},
                                                                        {"question", "positive"},
                                                                        {"text", "positive"},
                                                                        {"sentence", "positive"}};
constexpr std::string_view kNegative[] = {"negative", "negatives", "hard_negative", "hard_negatives"};
constexpr std::string_view kLabel1[] = {"label", "labels", "标签"};
constexpr std::string_view kLabel2[] = {"target", "class",   "category", "intent",   "sentiment",
                                        "topic",  "emotion", "emotions", "polarity", "rating",
                                        "stars",  "gold",    "score",    "类别",     "分类"};
constexpr std::string_view kScore1[] = {"score", "label", "labels"};
constexpr std::string_view kScore2[] = {"similarity", "target", "rating", "stars", "value", "gold", "标签", "分数"};
constexpr std::string_view kTags[] = {"tags", "ner_tags", "labels", "ner", "pos_tags"};
constexpr std::string_view kRowIds[] = {"id", "guid", "idx", "uid"};

std::string lowered(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

class Chooser {
 public:
  Chooser(const ColumnQuestion& question, const ReadOptions& options) : question_(question), options_(options) {
    for (const auto& each : question.names) lowered_.push_back(lowered(each));
  }

  Columns choose() {
    if (question_.format == "conll") return conll();
    if (question_.format == "text") return text_lines();
    Columns columns;
    texts(columns);
    if (question_.target == TargetKind::texts)
      shape(columns);
    else
      labels(columns);
    if (options_.weight) columns.weight = named(*options_.weight, "--weight");
    columns.id = options_.id ? named(*options_.id, "--id") : first_of(kRowIds);
    check_distinct(columns);
    return columns;
  }

  // negative, negative_2, hard_negative_1, ...
  void negatives(Columns& columns) {
    for (const auto& wanted : options_.negative) columns.negatives.push_back(named(wanted, "--negative"));
    if (!options_.negative.empty()) return;
    for (size_t i = 0; i < lowered_.size(); ++i) {
      std::string_view name = lowered_[i];
      while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
      if (name.ends_with('_')) name.remove_suffix(1);
      if (std::find(std::begin(kNegative), std::end(kNegative), name) != std::end(kNegative))
        columns.negatives.push_back(static_cast<int>(i));
    }
    if (columns.negatives.empty()) return;
    std::vector<std::string> names;
    for (const int index : columns.negatives) names.push_back("'" + column(index) + "'");
    columns.notes.push_back(fmt::format("{}: negatives are {}", question_.file, fmt::join(names, ", ")));
  }

 private:
  std::string list() const {
    std::string text;
    for (const auto& each : question_.names) text += (text.empty() ? "'" : ", '") + each + "'";
    return text.empty() ? "none" : text;
  }

  int named(const std::string& wanted, const char* option) const {
    const auto& names = question_.names;
    const auto found = std::find(names.begin(), names.end(), wanted);
    if (found == names.end())
      fail(ErrorKind::input, "{}: {}: there is no column '{}'{}{} its columns are {}", question_.file, option, wanted,
           did_you_mean(wanted, names), nearest(wanted, names).empty() ? ";" : "", list());
    if (std::find(found + 1, names.end(), wanted) != names.end())
      fail(ErrorKind::input, "{}: {}: column '{}' stands twice in the header; rename one: {}", question_.file, option,
           wanted, list());
    return static_cast<int>(found - names.begin());
  }

  std::vector<int> all_of(Names usual) const {
    std::vector<int> found;
    for (size_t i = 0; i < lowered_.size(); ++i)
      if (std::find(usual.begin(), usual.end(), lowered_[i]) != usual.end()) found.push_back(static_cast<int>(i));
    return found;
  }
  int first_of(Names usual) const {
    const auto found = all_of(usual);
    return found.size() == 1 ? found[0] : -1;
  }
  int find(std::string_view one) const { return first_of(Names(&one, 1)); }

  const std::string& column(int index) const { return question_.names[static_cast<size_t>(index)]; }

  [[noreturn]] void ambiguous(std::string_view what, const char* option, const std::vector<int>& found) const {
    std::string candidates;
    for (int index : found) candidates += (candidates.empty() ? "'" : ", '") + column(index) + "'";
    fail(ErrorKind::input, "{}: which column holds the {}? {} could; say {} COLUMN. Its columns are {}", question_.file,
         what, candidates, option, list());
  }
  [[noreturn]] void missing(std::string_view what, const char* option) const {
    const std::string hint = question_.names.size() == 1 && column(0).find_first_of(";\t,") != std::string::npos
                                 ? "; is the separator another one (--separator)?"
                                 : "";
    fail(ErrorKind::input, "{}: no column is recognised as the {}; say {} COLUMN. Its columns are {}{}", question_.file,
         what, option, list(), hint);
  }

  // The column of the first tier that has one.
  int by_tiers(std::initializer_list<Names> tiers, std::string_view what, const char* option) const {
    for (const Names& tier : tiers) {
      const auto found = all_of(tier);
      if (found.size() > 1) ambiguous(what, option, found);
      if (found.size() == 1) return found[0];
    }
    return -1;
  }

  void texts(Columns& columns) {
    if (options_.text) columns.text = named(*options_.text, "--text");
    if (options_.text_pair) columns.text_pair = named(*options_.text_pair, "--text-pair");
    if (options_.text) return;
    if (question_.target == TargetKind::tags) {
      columns.text = by_tiers({kWordColumns, kText1, kText2}, "words", "--text");
    } else if (!options_.text_pair) {
      usual_pair(columns);
    }
    if (columns.text < 0) columns.text = by_tiers({kText1, kText2, kText3}, "text", "--text");
    if (columns.text < 0) missing(question_.target == TargetKind::tags ? "words" : "text", "--text");
    if (columns.text_pair < 0) {
      columns.notes.push_back(fmt::format("{}: text is column '{}'", question_.file, column(columns.text)));
    } else {
      columns.notes.push_back(fmt::format("{}: text is column '{}', its pair is column '{}'", question_.file,
                                          column(columns.text), column(columns.text_pair)));
    }
  }

  // What rows of an embedding task are: negatives or no target: pairs; a score beside a pair; a label beside a text.
  void shape(Columns& columns) {
    if (question_.need == TargetNeed::ignored) return;
    negatives(columns);
    const bool two = columns.text_pair >= 0;
    if (!columns.negatives.empty() && !two)
      fail(ErrorKind::input, "{}: there are negatives and no text that belongs to the first; say --text-pair COLUMN",
           question_.file);
    if (!options_.label.empty()) columns.label = {named(options_.label[0], "--label")};
    if (options_.label.size() > 1)
      fail(ErrorKind::usage, "--label is given {} times; an embedding task reads one", options_.label.size());
    if (!columns.label.empty() && !columns.negatives.empty())
      fail(ErrorKind::input,
           "{}: rows have a score ('{}') and negatives ('{}'); an embedding task reads one of them: leave out --label, "
           "or "
           "the negatives' columns",
           question_.file, options_.label[0], column(columns.negatives[0]));
    if (columns.label.empty() && columns.negatives.empty()) {
      const int label =
          two ? by_tiers({kScore1, kScore2}, "score", "--label") : by_tiers({kLabel1, kLabel2}, "label", "--label");
      if (label >= 0 && label != columns.text && label != columns.text_pair) columns.label = {label};
    }
    columns.shape = !columns.label.empty() ? (two ? TextShape::scored : TextShape::labelled)
                    : two                  ? TextShape::pairs
                                           : TextShape::none;
    if (columns.shape == TextShape::none && question_.need == TargetNeed::required)
      fail(
          ErrorKind::input,
          "{}: rows have one text and nothing else; expected a second text that belongs to it (--text-pair COLUMN), or "
          "a label (--label COLUMN). Its columns are {}",
          question_.file, list());
    if (!columns.label.empty())
      columns.notes.push_back(
          fmt::format("{}: {} is column '{}'", question_.file, two ? "score" : "label", column(columns.label[0])));
  }

  void usual_pair(Columns& columns) {
    std::vector<int> found;
    if (question_.target == TargetKind::texts)
      for (const auto& [first, second] : kBelonging)
        if (find(first) >= 0 && find(second) >= 0) {
          columns.text = find(first), columns.text_pair = find(second);
          return;
        }
    for (const auto& [first, second] : kPairs) {
      const int a = find(first), b = find(second);
      if (a < 0 || b < 0) continue;
      found.push_back(a), found.push_back(b);
      columns.text = a, columns.text_pair = b;
    }
    const int text = first_of(kText1);
    if (!found.empty() && text >= 0 && text != columns.text) found.push_back(text);
    if (found.size() > 2) ambiguous("text (and its pair)", "--text COLUMN and --text-pair", found);
  }

  void labels(Columns& columns) {
    if (question_.need == TargetNeed::ignored) return;
    const bool scores = question_.target == TargetKind::score, tags = question_.target == TargetKind::tags;
    for (const auto& wanted : options_.label) {
      const auto& names = question_.names;
      const bool there = std::find(names.begin(), names.end(), wanted) != names.end();
      if (there || question_.need == TargetNeed::required) columns.label.push_back(named(wanted, "--label"));
    }
    if (columns.label.size() > 1 && question_.target != TargetKind::labels)
      fail(ErrorKind::usage, "--label is given {} times; several label columns are for --task multilabel",
           columns.label.size());
    if (!options_.label.empty()) return;
    const std::string_view what = scores ? "score" : tags ? "tags" : "label";
    const int label = tags     ? by_tiers({kTags}, what, "--label")
                      : scores ? by_tiers({kScore1, kScore2}, what, "--label")
                               : by_tiers({kLabel1, kLabel2}, what, "--label");
    if (label < 0 && question_.need == TargetNeed::required) missing(what, "--label");
    if (label < 0) return;
    columns.label.push_back(label);
    columns.notes.push_back(fmt::format("{}: {} is column '{}'", question_.file, what, column(label)));
  }

  void check_distinct(const Columns& columns) const {
    std::vector<std::pair<int, const char*>> used = {
        {columns.text, "--text"}, {columns.text_pair, "--text-pair"}, {columns.weight, "--weight"}};
    for (int label : columns.label) used.emplace_back(label, "--label");
    for (int negative : columns.negatives) used.emplace_back(negative, "--negative");
    for (size_t i = 0; i < used.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (used[i].first >= 0 && used[i].first == used[j].first)
          fail(ErrorKind::input, "{}: column '{}' is used for {} and for {}; name another", question_.file,
               column(used[i].first), used[j].second, used[i].second);
  }

  // CoNLL columns are numbers from 1; negative ones count from the end.
  int conll_column(const std::string& wanted, const char* option) const {
    const int count = static_cast<int>(question_.names.size());
    int number = 0;
    const auto [end, code] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    const int index = number > 0 ? number - 1 : count + number;
    if (code != std::errc() || end != wanted.data() + wanted.size() || number == 0 || index < 0 || index >= count)
      fail(ErrorKind::input, "{}: {}: expected a column number from 1 to {} (or -1 for the last), got '{}'",
           question_.file, option, count, wanted);
    return index;
  }

  Columns conll() const {
    if (question_.target != TargetKind::tags)
      fail(ErrorKind::input,
           "{}: a CoNLL file holds tags of words; expected CSV, TSV or JSONL for this task (or "
           "--task tag)",
           question_.file);
    for (const auto& [given, option] :
         {std::pair(&options_.text_pair, "--text-pair"), {&options_.weight, "--weight"}, {&options_.id, "--id"}})
      if (*given)
        fail(ErrorKind::usage,
             "{}: {} {}: CoNLL columns hold words and tags; use JSONL where sentences have more to them",
             question_.file, option, **given);
    Columns columns;
    columns.text = options_.text ? conll_column(*options_.text, "--text") : 0;
    const int last = static_cast<int>(question_.names.size()) - 1;
    if (question_.need == TargetNeed::ignored) return columns;
    if (!options_.label.empty()) {
      columns.label.push_back(conll_column(options_.label[0], "--label"));
    } else if (last > columns.text) {
      columns.label.push_back(last);
    }
    if (columns.label.empty() && question_.need == TargetNeed::required)
      fail(ErrorKind::input, "{}: lines have one column; expected a word and its tag", question_.file);
    check_distinct(columns);
    if (last > 1 && !columns.label.empty())
      columns.notes.push_back(fmt::format("{}: {} columns; words are column {}, tags are column {}", question_.file,
                                          last + 1, columns.text + 1, columns.label[0] + 1));
    return columns;
  }

  Columns text_lines() const {
    if (question_.need == TargetNeed::required)
      fail(ErrorKind::input,
           "{}: plain text lines have no {}; expected CSV, TSV, JSONL{} (choose with --format if the "
           "extension says otherwise)",
           question_.file,
           question_.target == TargetKind::score   ? "scores"
           : question_.target == TargetKind::texts ? "second texts"
                                                   : "labels",
           question_.target == TargetKind::tags ? " or CoNLL columns" : "");
    Columns columns;
    columns.text = 0;
    return columns;
  }

  const ColumnQuestion& question_;
  const ReadOptions& options_;
  std::vector<std::string> lowered_;
};

}  // namespace

Columns choose_columns(const ColumnQuestion& question, const ReadOptions& options) {
  return Chooser(question, options).choose();
}

std::vector<int> negative_columns(const ColumnQuestion& question, const ReadOptions& options) {
  Columns columns;
  Chooser(question, options).negatives(columns);
  return columns.negatives;
}

}  // namespace attune::data
