#include <algorithm>
#include <map>

#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/data/labels.h"
#include "attune/data/report.h"

namespace attune::data {
namespace {

// Rows of cells: the first column to the left, the others to the right.
class Lines {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const {
    std::vector<size_t> widths;
    for (const auto& cells : rows_)
      for (size_t c = 0; c < cells.size(); ++c) {
        if (c == widths.size()) widths.push_back(0);
        widths[c] = std::max(widths[c], shown_width(cells[c]));
      }
    std::string out;
    for (const auto& cells : rows_) {
      std::string line = "  ";
      for (size_t c = 0; c < cells.size(); ++c) {
        const std::string padding(widths[c] - shown_width(cells[c]), ' ');
        line += c == 0 ? fmt::format("{}{}", cells[c], padding) : fmt::format("  {}{}", padding, cells[c]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line.append("\n");
    }
    return out;
  }

 private:
  // Columns in a terminal: wide East Asian characters take two.
  static size_t shown_width(std::string_view text) {
    size_t width = 0;
    for (size_t at = 0; at < text.size();) {
      const auto one = utf8::decode(text, at);
      const char32_t c = one.code_point;
      const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                        (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                        (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
                        (c >= 0x20000 && c <= 0x3FFFF);
      width += wide ? 2 : 1;
      at += static_cast<size_t>(one.bytes);
    }
    return width;
  }

  std::vector<std::vector<std::string>> rows_;
};

std::string number(int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<size_t>(at), 1, ',');
  return digits;
}

std::string with_share(int64_t part, int64_t whole) {
  if (whole == 0) return number(part);
  return fmt::format("{} ({:.1f}%)", number(part), 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

using Splits = std::vector<SplitProfile>;

template <class Cell>
void add_row(Lines& table, const std::string& title, const Splits& splits, Cell&& cell) {
  std::vector<std::string> cells{title};
  for (const auto& split : splits) cells.push_back(cell(split));
  table.row(std::move(cells));
}

template <class Part>
bool any(const Splits& splits, Part&& part) {
  return std::any_of(splits.begin(), splits.end(), part);
}

// Rows of texts that belong together.
void add_pairs(Lines& table, const Splits& splits) {
  const auto add = [&](const char* title, int64_t PairProfile::*member, bool share) {
    if (any(splits, [&](const SplitProfile& s) { return s.belonging && (*s.belonging).*member > 0; }))
      add_row(table, title, splits, [&](const SplitProfile& s) {
        const int64_t count = s.belonging ? (*s.belonging).*member : 0;
        return share ? with_share(count, s.rows) : number(count);
      });
  };
  add("different first texts", &PairProfile::first, false);
  add("different second texts", &PairProfile::second, false);
  add("rows with negatives", &PairProfile::negatives, true);
  add("documents searched", &PairProfile::documents, false);
  add("second text also in the first split", &PairProfile::second_in_other, true);
}

void add_rows(Lines& table, const DataReport& report) {
  const Splits& splits = report.splits;
  const bool tags = report.target == TargetKind::tags;
  add_row(table, "", splits, [](const SplitProfile& s) { return s.name; });
  add_row(table, tags ? "sentences" : "rows", splits, [](const SplitProfile& s) { return number(s.rows); });
  if (tags) add_row(table, "words", splits, [](const SplitProfile& s) { return number(s.words); });
  const bool pairs = any(splits, [](const SplitProfile& s) { return s.belonging.has_value(); });
  if (pairs) add_pairs(table, splits);
  if (!pairs && any(splits, [](const SplitProfile& s) { return s.unlabelled > 0; }))
    add_row(table, "without target", splits, [](const SplitProfile& s) { return with_share(s.unlabelled, s.rows); });
  const auto labelled = [](const SplitProfile& s) { return s.shape == TextShape::labelled; };
  if (report.target == TargetKind::texts ? any(splits, labelled) : report.target != TargetKind::score)
    add_row(table, tags ? "tags" : "labels", splits,
            [](const SplitProfile& s) { return number(std::ssize(s.labels)); });
  if (report.target == TargetKind::labels)
    add_row(table, "rows with no label", splits,
            [](const SplitProfile& s) { return with_share(s.without_label, s.rows); });
  add_row(table, "empty texts", splits, [](const SplitProfile& s) { return number(s.empty_texts); });
  add_row(table, "repeat an earlier row", splits,
          [](const SplitProfile& s) { return with_share(s.duplicates, s.rows); });
  add_row(table, "... with another target", splits, [](const SplitProfile& s) { return number(s.conflicts); });
  for (const auto& overlap : report.overlaps) {
    std::vector<std::string> cells{fmt::format("also in {}", overlap.other)};
    for (const auto& split : splits)
      cells.push_back(split.name == overlap.split ? with_share(overlap.rows, split.rows) : "");
    table.row(std::move(cells));
  }
}

std::string lengths(const DataReport& report) {
  Lines table;
  table.row({"length", "min", "25%", "50%", "75%", "90%", "95%", "99%", "max", "mean"});
  const auto add = [&table](const std::string& title, const Quantiles& q) {
    table.row({title, number(q.min), number(q.p25), number(q.p50), number(q.p75), number(q.p90), number(q.p95),
               number(q.p99), number(q.max), fmt::format("{:.1f}", q.mean)});
  };
  for (const auto& split : report.splits) {
    add(split.name + ", characters", split.characters);
    if (split.pieces) add(split.name + ", pieces", *split.pieces);
  }
  return table.text();
}

std::string encoding(const DataReport& report) {
  if (!any(report.splits, [](const SplitProfile& s) { return s.encoding.has_value(); })) return "";
  Lines table;
  const auto add = [&](const std::string& title, auto&& cell) {
    add_row(table, title, report.splits, [&](const SplitProfile& s) { return s.encoding ? cell(*s.encoding) : ""; });
  };
  add_row(table, report.max_length ? fmt::format("at --max-length {}", report.max_length) : "encoded", report.splits,
          [](const SplitProfile& s) { return s.name; });
  add("truncated rows", [](const EncodeCounts& c) { return with_share(c.rows_truncated, c.rows); });
  add("pieces lost", [](const EncodeCounts& c) { return with_share(c.pieces_lost, c.pieces); });
  add("unknown pieces", [](const EncodeCounts& c) { return with_share(c.unknown, c.pieces); });
  if (report.target == TargetKind::tags) {
    add("labels lost", [](const EncodeCounts& c) { return with_share(c.words_lost, c.words); });
    add("... of entities", [](const EncodeCounts& c) { return number(c.entity_words_lost); });
    add("words without piece", [](const EncodeCounts& c) { return number(c.words_without_piece); });
    add("read in windows", [](const EncodeCounts& c) { return with_share(c.sentences_in_windows, c.rows); });
  }
  return table.text();
}

// Labels (or entities) as a table: one row a label in the order of labels, the rarest left out where there are many.
std::string label_table(const DataReport& report, std::vector<LabelCount> SplitProfile::*member, const char* title,
                        size_t most) {
  std::map<std::string, int64_t> total;
  for (const auto& split : report.splits)
    for (const auto& each : split.*member) total[each.label] += each.count;
  if (total.empty()) return "";
  std::vector<std::string> names;
  for (const auto& [label, count] : total) names.push_back(label);
  names = Labels::sorted(std::move(names)).names();
  size_t hidden = 0;
  constexpr size_t kNotWorthHiding = 5;
  if (names.size() > most + kNotWorthHiding) {
    std::vector<std::string> by_count = names;
    std::stable_sort(by_count.begin(), by_count.end(),
                     [&](const auto& a, const auto& b) { return total[a] > total[b]; });
    hidden = names.size() - most;
    for (size_t i = most; i < by_count.size(); ++i) total.erase(by_count[i]);
    std::erase_if(names, [&](const auto& label) { return !total.contains(label); });
  }
  Lines table;
  add_row(table, title, report.splits, [](const SplitProfile& s) { return s.name; });
  for (const auto& label : names)
    add_row(table, label, report.splits, [&](const SplitProfile& split) {
      const auto& counts = split.*member;
      int64_t sum = 0, count = 0;
      for (const auto& each : counts) sum += each.count, count += each.label == label ? each.count : 0;
      return with_share(count, sum);
    });
  return fmt::format("\n{}{}", table.text(), hidden ? fmt::format("  ... and {} rarer ones\n", hidden) : "");
}

}  // namespace

std::string to_text(const DataReport& report, size_t most_labels) {
  std::string out = "Data\n";
  for (const auto& split : report.splits) out += fmt::format("  {}: {}\n", split.name, fmt::join(split.files, ", "));
  Lines table;
  add_rows(table, report);
  out += fmt::format("\n{}\n{}", table.text(), lengths(report));
  if (const std::string encoded = encoding(report); !encoded.empty()) out += fmt::format("\n{}", encoded);
  out += label_table(report, &SplitProfile::labels, report.target == TargetKind::tags ? "tag" : "label", most_labels);
  out += label_table(report, &SplitProfile::entities, "entity", most_labels);
  for (const auto& split : report.splits)
    if (split.scores)
      out += fmt::format("\n  {} scores: from {:g} to {:g}, mean {:.4g}, deviation {:.4g}\n", split.name,
                         split.scores->min, split.scores->max, split.scores->mean, split.scores->deviation);
  if (!report.notes.empty()) out += "\nRead as\n";
  for (const auto& note : report.notes) out += fmt::format("  {}\n", note);
  if (!report.warnings.empty()) out += "\nLook at\n";
  constexpr size_t kMostWarnings = 20;
  for (size_t i = 0; i < std::min(kMostWarnings, report.warnings.size()); ++i)
    out += fmt::format("  ! {}\n", report.warnings[i]);
  if (report.warnings.size() > kMostWarnings)
    out += fmt::format("  ... and {} more\n", report.warnings.size() - kMostWarnings);
  return out;
}

}  // namespace attune::data
