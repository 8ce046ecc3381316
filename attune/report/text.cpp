#include "attune/report/text.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/text_sections.h"
#include "attune/report/verdict.h"

namespace attune::report {

std::string TextPage::bold(std::string_view text) const {
  return colour ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

std::string TextPage::paint(std::string_view text, int code) const {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void TextPage::heading(std::string_view title, std::string_view aside) {
  const std::string note = printable(aside);
  out += "\n" + bold(title);
  const bool fits = display_width(title) + 2 + display_width(note) <= width;
  if (fits && !note.empty()) out += "  " + paint(note, 2);
  out += "\n";
  if (!fits) out += paint(wrapped(note, width), 2);
}

namespace {

// A bar of `width` columns for a value in [0, 1], in eighths.
std::string bar(double value, int width) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (std::isnan(value)) return "";
  const int eighths = static_cast<int>(std::lround(std::clamp(value, 0.0, 1.0) * width * 8));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  text += kEighths[eighths % 8];
  return text;
}

void headline(const Report& report, TextPage& page) {
  std::string title = report.title + " · " + report.task;
  if (!report.model.empty()) title += " · " + report.model;
  if (!report.labels.empty()) title += " · " + plural(static_cast<int64_t>(report.labels.size()), "label");
  title = fit(printable(title), page.width);
  page.out += page.bold(title) + "\n";
  for (int i = 0; i < std::min(page.width, display_width(title)); ++i) page.out += "─";
  page.out += "\n";

  const Split* split = headline_split(report);
  if (!split) return;
  const std::string metric = headline_metric(report);
  const metrics::Score* score = split->scores.find(metric);
  if (!score) return;
  const std::string name = fmt::format("  {} {}  ", printable(split->name), metric_title(metric));
  const std::string value = metric_value(metric, score->value);
  std::string rest = score->interval ? "   95% interval " + metric_interval(metric, *score->interval) : "";
  rest += "   (" + plural(split->rows, report.task == "tag" ? "sentence" : "row");
  const int room = page.width - display_width(name + value + rest) - 3;
  if (!split->files.empty() && room > 8) rest += ", " + fit(printable(split->files), room, Cut::start);
  page.out += name + page.bold(value) + rest + ")\n";
  if (!score->note.empty()) page.out += wrapped(score->note, page.width, 4);
}

void ladder(const Report& report, TextPage& page) {
  if (!report.ladder || report.ladder->rows.empty()) return;
  const Ladder& ladder = *report.ladder;
  const bool intervals = std::any_of(ladder.rows.begin(), ladder.rows.end(),
                                     [](const LadderRow& row) { return row.interval.has_value(); });
  page.heading("Ladder", fmt::format("{} {}{}", ladder.split, metric_title(ladder.metric),
                                     intervals ? ", with 95% interval and seconds" : ", with seconds"));
  Columns columns;
  columns.column("", Align::left).column("").column("", Align::left).column("", Align::left).column("");
  for (const LadderRow& row : ladder.rows) {
    const std::string interval = row.interval ? metric_interval(ladder.metric, *row.interval) : "";
    columns.row({row.name, metric_value(ladder.metric, row.score),
                 is_share(ladder.metric) ? pad(bar(row.score, 20), 20, Align::left) : "", interval,
                 seconds(row.seconds)});
  }
  page.out += columns.text(page.width);
  const Verdict verdict = judge(ladder);
  if (verdict.text.empty()) return;
  const int colour = verdict.pays == Pays::yes ? 32 : verdict.pays == Pays::no ? 31 : 33;
  page.out += page.paint(wrapped(printable(verdict.text), page.width), colour);
}

void metric_table(const Report& report, TextPage& page) {
  if (report.splits.empty()) return;
  page.heading("Metrics", has_intervals(report) ? "with 95% bootstrap intervals" : "");
  Columns columns;
  columns.column("", Align::left);
  for (const Split& split : report.splits) columns.column(printable(split.name)).column("", Align::left);
  std::vector<std::string> names, undefined;
  for (const Split& split : report.splits) {
    for (const metrics::Score& score : split.scores) {
      if (std::find(names.begin(), names.end(), score.name) == names.end()) names.push_back(score.name);
      if (!score.defined() && !score.note.empty()) {
        undefined.push_back(
            fmt::format("{} on {}: undefined, because {}.", metric_title(score.name), split.name, score.note));
      }
    }
  }
  for (const std::string& name : names) {
    std::vector<std::string> cells = {metric_title(name)};
    for (const Split& split : report.splits) {
      const metrics::Score* score = split.scores.find(name);
      cells.push_back(score ? metric_value(name, score->value) : "");
      cells.push_back(score && score->interval ? metric_interval(name, *score->interval) : "");
    }
    columns.row(std::move(cells));
  }
  page.out += columns.text(page.width);
  if (const std::string note = positive_class_note(report); !note.empty()) {
    page.out += wrapped(printable(note), page.width);
  }
  for (const std::string& note : threshold_notes(report)) page.out += wrapped(printable(note), page.width);
  for (const std::string& line : undefined) page.out += wrapped(line, page.width);
}

void facts(const Report& report, TextPage& page) {
  if (report.facts.empty()) return;
  page.heading("Run");
  Columns columns;
  columns.column("", Align::left).column("", Align::left);
  for (const auto& [name, value] : report.facts) columns.row({name, value});
  page.out += columns.text(page.width);
}

}  // namespace

std::string to_text(const Report& report, const TextOptions& options) {
  TextPage page{.width = std::max(60, options.width), .colour = options.colour};
  headline(report, page);
  for (const std::string& note : report.notes) page.out += wrapped("Note: " + printable(note), page.width);
  ladder(report, page);
  metric_table(report, page);
  if (const Split* split = headline_split(report)) text_detail(report, *split, page);
  text_routing(report, page);
  text_truncation(report, page);
  text_mistakes(report, page);
  facts(report, page);
  return page.out;
}

}  // namespace attune::report
