#include "attune/report/html.h"

#include "attune/report/html_parts.h"

namespace attune::report {

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
  Page page{.title = report.title + " · " + report.task,
            .headline = html_headline(report),
            .body = sections(report),
            .footer = "Made by attune."};
  if (!report.model.empty()) page.title += " · " + report.model;
  if (has_intervals(report)) page.footer += " Intervals of metrics are 95% bootstrap percentiles.";
  if (report.routing) page.footer += " Intervals of routed shares are Wilson's, 95%.";
  return page_html(page);
}

}  // namespace attune::report
