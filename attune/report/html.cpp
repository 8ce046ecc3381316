#include "attune/report/html.h"

#include <fmt/format.h>

#include "attune/base/utf8.h"
#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/html_parts.h"

namespace attune::report {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string section(std::string_view id, std::string_view title, std::string_view aside, std::string_view body) {
  if (body.empty()) return "";
  const std::string note = aside.empty() ? "" : fmt::format("<p class=\"aside\">{}</p>\n", aside);
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n{2}{3}\n</section>\n", id,
      escape(title), note, body);
}

namespace {

const std::vector<metrics::ConfusionCell>* confusion_of(const Split& split) {
  if (const auto* classes = std::get_if<metrics::ClassificationResult>(&split.detail)) return &classes->confusion;
  if (const auto* tags = std::get_if<metrics::TaggingResult>(&split.detail)) return &tags->confusion;
  return nullptr;
}

std::string confusion(const Report& report, const Split& split) {
  const auto* cells = confusion_of(split);
  if (!cells || cells->empty()) return "";
  return plot_confusion(*cells, report.labels) + html_confused_pairs(report, *cells);
}

std::string calibration(const Split& split) {
  const auto* result = std::get_if<metrics::ClassificationResult>(&split.detail);
  return result && result->rows > 0 ? plot_calibration(result->calibration) : "";
}

// Links to the sections that are there.
std::string contents(std::string_view body) {
  std::string links;
  constexpr std::string_view kOpen = "<section id=\"", kTitle = "-title\">";
  for (size_t at = body.find(kOpen); at != std::string_view::npos; at = body.find(kOpen, at + 1)) {
    const size_t id = at + kOpen.size(), id_end = body.find('"', id);
    const size_t heading = body.find("<h2", id_end);
    const size_t title = body.find(kTitle, heading) + kTitle.size(), title_end = body.find("</h2>", title);
    links +=
        fmt::format("<a href=\"#{}\">{}</a>\n", body.substr(id, id_end - id), body.substr(title, title_end - title));
  }
  return links.empty() ? "" : "<nav aria-label=\"Sections\">\n" + links + "</nav>\n";
}

std::string sections(const Report& report) {
  const Split* split = headline_split(report);
  std::string body = html_ladder(report) + html_metrics(report) + html_routing(report);
  if (split) {
    const std::string on = "on " + escape(split->name);
    body += html_classes(report, *split);
    body += section("confusion", "Confusion", on + ": rows are gold, columns predictions", confusion(report, *split));
    body += section("calibration", "Calibration", on + ": does a probability of 0.8 come true in 80 of 100 rows?",
                    calibration(*split));
    body += section("scatter", "Predictions", on, plot_scatter(split->predictions));
  }
  body += html_mistakes(report);
  body += section("curves", "Learning curves", "", plot_curves(report));
  return body + html_truncation(report) + html_data(report) + html_run(report);
}

}  // namespace

std::string to_html(const Report& report) {
  std::string title = report.title + " · " + report.task;
  if (!report.model.empty()) title += " · " + report.model;
  const std::string body = sections(report);
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  page +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n";
  page += fmt::format("<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n", escape(title), kPageStyle);
  page += fmt::format("<header>\n<h1>{}</h1>\n{}{}</header>\n<main>\n{}</main>\n", escape(title), html_headline(report),
                      contents(body), body);
  page += "<footer>Made by attune.";
  if (has_intervals(report)) page += " Intervals of metrics are 95% bootstrap percentiles.";
  if (report.routing) page += " Intervals of routed shares are Wilson's, 95%.";
  page += "</footer>\n";
  return page + fmt::format("<script>{}</script>\n</body>\n</html>\n", kPageScript);
}

}  // namespace attune::report
