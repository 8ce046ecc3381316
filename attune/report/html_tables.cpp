#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attune/base/utf8.h"
#include "attune/report/format.h"
#include "attune/report/html_parts.h"
#include "attune/report/verdict.h"

namespace attune::report {
namespace {

std::string interval_cell(std::string_view metric, const std::optional<metrics::Interval>& interval) {
  return fmt::format("<td class=\"l soft\">{}</td>", interval ? metric_interval(metric, *interval) : "");
}

// A bar from 0 to 1 with a whisker for the interval.
std::string score_bar(const LadderRow& row) {
  if (std::isnan(row.score)) return "";
  const double share = std::clamp(row.score, 0.0, 1.0);
  std::string whisker;
  if (row.interval && row.interval->defined()) {
    const double low = 280 * row.interval->low, high = 280 * row.interval->high;
    whisker = fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"8\" y2=\"8\"/><line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"4\" "
        "y2=\"12\"/>"
        "<line x1=\"{1:.1f}\" x2=\"{1:.1f}\" y1=\"4\" y2=\"12\"/>",
        low, high);
  }
  return fmt::format(
      "<svg class=\"bar\" width=\"280\" height=\"16\" viewBox=\"0 0 280 16\" aria-hidden=\"true\">"
      "<rect{} width=\"{:.1f}\" height=\"16\"/>{}</svg>",
      row.fine_tuned ? "" : " class=\"other\"", 280 * share, whisker);
}

}  // namespace

std::string html_headline(const Report& report) {
  std::string notes;
  for (const std::string& note : report.notes) notes += fmt::format("<p class=\"note\">{}</p>\n", escape(note));
  const Split* split = headline_split(report);
  const metrics::Score* score = split ? split->scores.find(headline_metric(report)) : nullptr;
  if (!score) return notes;
  std::string out =
      fmt::format("<p class=\"headline\"><span class=\"big\">{}</span><span class=\"what\">{} {}",
                  metric_value(score->name, score->value), escape(split->name), metric_title(score->name));
  if (score->interval) {
    out +=
        fmt::format("<br><span class=\"aside\">95% interval {}</span>", metric_interval(score->name, *score->interval));
  }
  out += fmt::format("<br><span class=\"aside\">{}{}</span></span></p>\n",
                     plural(split->rows, report.task == "tag" ? "sentence" : "row"),
                     split->files.empty() ? "" : " of " + escape(split->files));
  if (!score->note.empty()) out += fmt::format("<p class=\"note\">{}</p>\n", escape(score->note));
  return out + notes;
}

std::string html_ladder(const Report& report) {
  if (!report.ladder || report.ladder->rows.empty()) return "";
  const Ladder& ladder = *report.ladder;
  const bool bars = is_share(ladder.metric);
  const bool intervals = std::any_of(ladder.rows.begin(), ladder.rows.end(),
                                     [](const LadderRow& row) { return row.interval.has_value(); });
  std::string rows;
  for (const LadderRow& row : ladder.rows) {
    rows +=
        fmt::format("<tr{}><th scope=\"row\">{}</th><td>{}</td>{}{}<td>{}</td></tr>\n",
                    row.fine_tuned ? " class=\"tuned\"" : "", escape(row.name), metric_value(ladder.metric, row.score),
                    intervals ? interval_cell(ladder.metric, row.interval) : "",
                    bars ? "<td class=\"l\">" + score_bar(row) + "</td>" : "", seconds(row.seconds));
  }
  std::string body = fmt::format(
      "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\" class=\"l\">system</th><th "
      "scope=\"col\">{}</th>{}{}<th scope=\"col\">time</th></tr></thead>\n<tbody>\n{}</tbody></table>"
      "</div>\n",
      metric_title(ladder.metric), intervals ? "<th scope=\"col\" class=\"l\">95% interval</th>" : "",
      bars ? "<td></td>" : "", rows);
  const Verdict verdict = judge(ladder);
  if (!verdict.text.empty()) {
    const char* kind = verdict.pays == Pays::yes ? "yes" : verdict.pays == Pays::no ? "no" : "maybe";
    body += fmt::format("<p class=\"verdict {}\">{}</p>\n", kind, escape(verdict.text));
  }
  return section("ladder", "Ladder", "What each further effort brings, on " + escape(ladder.split), body);
}

std::string html_metrics(const Report& report) {
  std::vector<std::string> names, reasons;
  std::string head;
  const bool intervals = has_intervals(report);
  for (const Split& split : report.splits) {
    head += fmt::format("<th scope=\"col\">{}</th>", escape(split.name));
    if (intervals) head += "<th scope=\"col\" class=\"l\">95% interval</th>";
    for (const metrics::Score& score : split.scores) {
      if (std::find(names.begin(), names.end(), score.name) == names.end()) names.push_back(score.name);
      if (score.defined() || score.note.empty()) continue;
      reasons.push_back(fmt::format("{} on {} is undefined: {}.", metric_title(score.name), split.name, score.note));
    }
  }
  if (names.empty()) return "";
  std::string rows;
  for (const std::string& name : names) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", metric_title(name));
    for (const Split& split : report.splits) {
      const metrics::Score* score = split.scores.find(name);
      rows += fmt::format("<td>{}</td>", score ? metric_value(name, score->value) : "");
      if (intervals) rows += interval_cell(name, score ? score->interval : std::nullopt);
    }
    rows += "</tr>\n";
  }
  std::string body = fmt::format(
      "<div class=\"scroll\"><table>\n<thead><tr><td></td>{}</tr></thead>\n<tbody>\n{}</tbody>"
      "</table></div>\n",
      head, rows);
  if (const std::string note = positive_class_note(report); !note.empty()) {
    body += fmt::format("<p class=\"note\">{}</p>\n", escape(note));
  }
  for (const std::string& note : threshold_notes(report))
    body += fmt::format("<p class=\"note\">{}</p>\n", escape(note));
  for (const std::string& reason : reasons) body += fmt::format("<p class=\"note\">{}</p>\n", escape(reason));
  return section("metrics", "Metrics", "", body);
}

std::string html_truncation(const Report& report) {
  std::string rows;
  const auto part = [](int64_t cut, int64_t all) {
    return all == 0 ? std::string("<td></td>")
                    : fmt::format("<td>{} of {} ({})</td>", count(cut), count(all),
                                  percent(static_cast<double>(cut) / static_cast<double>(all), 2));
  };
  bool words = false;
  for (const Split& split : report.splits) words = words || (split.truncation && split.truncation->words > 0);
  for (const Split& split : report.splits) {
    if (!split.truncation) continue;
    const Truncation& cut = *split.truncation;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>{}{}", escape(split.name),
                        cut.max_length > 0 ? count(cut.max_length) : "", part(cut.rows_cut, cut.rows),
                        part(cut.pieces_cut, cut.pieces));
    if (words) rows += part(cut.words_cut, cut.words) + fmt::format("<td>{}</td>", count(cut.entity_words_cut));
    rows += "</tr>\n";
  }
  if (rows.empty()) return "";
  const std::string more = words ? "<th scope=\"col\">words lost</th><th scope=\"col\">of these, in entities</th>" : "";
  return section(
      "truncation", "Truncation",
      words ? "What the model never saw. Words cut off count as O." : "What the model never saw.",
      fmt::format("<div class=\"scroll\"><table>\n<thead><tr><td></td><th scope=\"col\">longest kept</th><th "
                  "scope=\"col\">rows cut</th><th scope=\"col\">pieces lost</th>{}</tr></thead>\n<tbody>\n{}"
                  "</tbody></table></div>",
                  more, rows));
}

std::string html_mistakes(const Report& report) {
  const Split* split = headline_split(report);
  if (!split || split->mistakes.empty()) return "";
  const MistakeWords words = mistake_words(report, *split);
  const char* cell = words.numbers ? "<td>" : "<td class=\"l wrap\">";
  const char* column = words.numbers ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"l\">";
  std::string rows;
  for (const Mistake& one : split->mistakes) {
    const std::string place = one.place.empty() ? "" : ", " + escape(one.place);
    rows += fmt::format("<tr><th scope=\"row\" class=\"wrap\">{}</th>{}{}</td>{}{}</td>",
                        escape(one.file) + fmt::format(" line {}{}", one.line, place), cell, escape(one.gold), cell,
                        escape(one.predicted));
    if (words.probability) rows += fmt::format("<td>{}</td>", fixed(one.probability, 3));
    if (report.show_texts) rows += fmt::format("<td class=\"l wrap\">{}</td>", escape(one.text));
    rows += "</tr>\n";
  }
  const std::string head =
      fmt::format("<th scope=\"col\" class=\"l\">row</th>{0}{1}</th>{0}{2}</th>{3}{4}", column, words.gold,
                  words.predicted, words.probability ? "<th scope=\"col\">probability</th>" : "",
                  report.show_texts ? "<th scope=\"col\" class=\"l\">text</th>" : "");
  std::string aside = words.about;
  if (!report.show_texts) aside += " Texts are left out unless asked for with --report-text.";
  return section(
      "mistakes", words.title, aside,
      fmt::format("<div class=\"scroll\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>", head,
                  rows));
}

std::string html_run(const Report& report) {
  std::string rows;
  for (const auto& [name, value] : report.facts) {
    rows +=
        fmt::format("<tr><th scope=\"row\">{}</th><td class=\"l wrap\">{}</td></tr>\n", escape(name), escape(value));
  }
  if (rows.empty()) return "";
  return section("run", "Run", "", "<div class=\"scroll\"><table><tbody>\n" + rows + "</tbody></table></div>");
}

std::string html_data(const Report& report) {
  std::string text = report.data_text;
  if (text.empty() && !report.data_json.empty()) {
    const auto json = nlohmann::ordered_json::parse(utf8::repaired(report.data_json), nullptr, false);
    text = json.is_discarded() ? report.data_json : json.dump(2);
  }
  if (text.empty()) return "";
  std::string body;
  for (size_t at = 0; at < text.size();) {  // line by line: escape() would turn line ends into spaces
    const size_t end = std::min(text.find('\n', at), text.size());
    body += escape(std::string_view(text).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return section("data", "Data", "", "<pre>" + body + "</pre>");
}

}  // namespace attune::report
