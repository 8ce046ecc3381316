#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "attune/metrics/confusion.h"
#include "attune/report/format.h"
#include "attune/report/html_parts.h"
#include "attune/report/table.h"

namespace attune::report {
namespace {

std::string sort_head(std::string_view title, bool left = false, std::string_view sorted = "") {
  const std::string mark = sorted.empty() ? "" : fmt::format(" aria-sort=\"{}\"", sorted);
  return fmt::format("<th scope=\"col\"{}{}><button type=\"button\">{}</button></th>", left ? " class=\"l\"" : "", mark,
                     title);
}

std::string number_cell(double value, const std::string& shown) {
  return fmt::format("<td data-v=\"{}\">{}</td>", std::isnan(value) ? -1 : value, shown);
}

std::string f1_cell(double f1) {
  return fmt::format(
      "<td data-v=\"{0}\">{1} <svg class=\"bar\" width=\"56\" height=\"10\" viewBox=\"0 0 56 10\" "
      "aria-hidden=\"true\"><rect width=\"{2:.1f}\" height=\"10\"/></svg></td>",
      f1, fixed(f1, 3), 56 * f1);
}

std::string class_cells(const metrics::ClassRow& row) {
  return number_cell(row.prf.precision, fixed(row.prf.precision, 3)) +
         number_cell(row.prf.recall, fixed(row.prf.recall, 3)) + f1_cell(row.prf.f1) +
         number_cell(static_cast<double>(row.count.gold), count(row.count.gold)) +
         number_cell(static_cast<double>(row.count.predicted), count(row.count.predicted));
}

std::string table(const std::string& head, const std::string& body, size_t rows) {
  return fmt::format(
      "<div class=\"scroll{}\"><table class=\"sortable\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>"
      "</table></div>\n",
      rows > kTallTable ? " tall" : "", head, body);
}

const std::string& class_head() {
  static const std::string head = sort_head("class", true) + sort_head("precision") + sort_head("recall") +
                                  sort_head("F1", false, "ascending") + sort_head("rows") + sort_head("predicted");
  return head;
}

// A long name may go over to a new line after an underscore, before it is broken anywhere.
std::string breakable(const std::string& name) {
  std::string out;
  for (const char c : escape(name)) out += c == '_' ? "_<wbr/>" : std::string(1, c);
  return out;
}

// Worst F1 first.
std::vector<metrics::ClassRow> worst_first(std::vector<metrics::ClassRow> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.prf.f1 < b.prf.f1; });
  return rows;
}

std::string classification(const Report& report, const metrics::ClassificationResult& result) {
  std::map<int32_t, metrics::ConfusionCell> taken_for;  // by gold class: its most frequent wrong answer
  for (const auto& cell : result.confusion) {
    if (cell.gold == cell.predicted) continue;
    const auto [place, fresh] = taken_for.try_emplace(cell.gold, cell);
    if (!fresh && cell.count > place->second.count) place->second = cell;
  }
  std::string rows;
  for (const metrics::ClassRow& row : worst_first(result.table.rows)) {
    const auto wrong = taken_for.find(row.label);
    const std::string other =
        wrong == taken_for.end() ? ""
                                 : fmt::format("{} ({})", breakable(label_name(report.labels, wrong->second.predicted)),
                                               count(wrong->second.count));
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}<td class=\"l soft wrap\">{}</td></tr>\n",
                        escape(label_name(report.labels, row.label)), class_cells(row), other);
  }
  return table(class_head() + sort_head("most often taken for", true), rows, result.table.rows.size());
}

std::string multilabel(const Report& report, const metrics::MultiLabelResult& result) {
  std::string rows;
  for (const metrics::ClassRow& row : worst_first(result.table.rows)) {
    const metrics::RankScores& ranks = result.ranks[row.label];
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}</tr>\n", escape(label_name(report.labels, row.label)),
                        class_cells(row), number_cell(ranks.auroc, fixed(ranks.auroc, 3)),
                        number_cell(ranks.average_precision, fixed(ranks.average_precision, 3)),
                        number_cell(result.thresholds[row.label], fixed(result.thresholds[row.label], 2)));
  }
  return table(class_head() + sort_head("AUROC") + sort_head("average precision") + sort_head("threshold"), rows,
               result.table.rows.size());
}

// The form of the article's table: averages below the classes.
std::string score_rows(const metrics::ClassTable& scores, const std::vector<std::string>& names, double accuracy) {
  const auto line = [](std::string_view kind, const std::string& name, const metrics::PRF& prf, int64_t support) {
    return fmt::format("<tr{}><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", kind,
                       escape(name), fixed(prf.precision, 3), fixed(prf.recall, 3), fixed(prf.f1, 3), count(support));
  };
  std::string rows;
  for (const auto& row : scores.rows) rows += line("", label_name(names, row.label), row.prf, row.count.gold);
  if (std::isnan(accuracy)) {
    rows += line(" class=\"sum first\"", "micro average", scores.micro, scores.support);
  } else {
    rows += fmt::format(
        "<tr class=\"sum first\"><th scope=\"row\">accuracy</th><td></td><td></td><td>{}</td><td>{}</td></tr>\n",
        fixed(accuracy, 3), count(scores.support));
  }
  rows += line(" class=\"sum\"", "macro average", scores.macro, scores.support);
  rows += line(" class=\"sum\"", "weighted average", scores.weighted, scores.support);
  return fmt::format(
      "<div class=\"scroll\"><table>\n<thead><tr><td></td><th scope=\"col\">precision</th><th "
      "scope=\"col\">recall</th><th scope=\"col\">F1</th><th scope=\"col\">support</th></tr></thead>\n"
      "<tbody>\n{}</tbody></table></div>\n",
      rows);
}

std::string tagging(const Report& report, const metrics::TaggingResult& result) {
  std::string out;
  if (!result.entities.rows.empty()) {
    const std::string types = score_rows(result.entities, report.entity_types, metrics::kUndefined);
    const std::string strict = score_rows(result.strict_entities, report.entity_types, metrics::kUndefined);
    out += section("entities", "Entities", "An entity counts when type and both ends are right.",
                   "<div class=\"grid\"><div><h3>As conlleval and seqeval's default read tags</h3>" + types +
                       "</div><div><h3>Strict IOB2: only B- opens an entity</h3>" + strict + "</div></div>");
  }
  return out + section("words", "Words",
                       "Every word's label, O included. The weighted average is mostly O: it is not the entity F1.",
                       score_rows(result.tokens, report.labels, result.token_accuracy));
}

}  // namespace

std::string html_classes(const Report& report, const Split& split) {
  const std::string aside = "on " + escape(split.name) + ", worst F1 first; click a heading to sort";
  if (const auto* result = std::get_if<metrics::ClassificationResult>(&split.detail)) {
    return result->table.rows.empty() ? "" : section("classes", "Classes", aside, classification(report, *result));
  }
  if (const auto* labels = std::get_if<metrics::MultiLabelResult>(&split.detail)) {
    return section("classes", "Labels", aside, multilabel(report, *labels));
  }
  if (const auto* tags = std::get_if<metrics::TaggingResult>(&split.detail)) return tagging(report, *tags);
  return "";
}

std::string html_confused_pairs(const Report& report, const std::vector<metrics::ConfusionCell>& cells) {
  std::map<int32_t, int64_t> gold;
  for (const auto& cell : cells) gold[cell.gold] += cell.count;
  std::string rows;
  for (const auto& cell : metrics::most_confused(cells, 20)) {
    const double share = static_cast<double>(cell.count) / static_cast<double>(gold[cell.gold]);
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"l\">{}</td>{}{}</tr>\n",
                        escape(label_name(report.labels, cell.gold)), escape(label_name(report.labels, cell.predicted)),
                        number_cell(static_cast<double>(cell.count), count(cell.count)),
                        number_cell(share, percent(share, 1)));
  }
  if (rows.empty()) return "";
  return "<h3>Most confused pairs</h3>\n" +
         table(sort_head("gold", true) + sort_head("predicted", true) + sort_head("rows", false, "descending") +
                   sort_head("of the gold class"),
               rows, 0);
}

}  // namespace attune::report
