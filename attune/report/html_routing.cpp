#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/report/format.h"
#include "attune/report/html_parts.h"

namespace attune::report {
namespace {

std::string overall(const Routing& routing) {
  std::string rows;
  for (const metrics::RoutingRow& row : routing.table.overall) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", percent(row.precision_wanted, 0));
    if (!row.reachable) {
      rows += fmt::format("<td class=\"l soft\" colspan=\"5\">no threshold on {} reaches it</td></tr>\n",
                          escape(routing.chosen_on));
      continue;
    }
    rows += fmt::format(
        "<td>&ge; {}</td><td>{}</td><td class=\"l soft\">{}</td><td>{}</td><td class=\"l soft\">{}</td></tr>\n",
        fixed(row.threshold, 3), percent(row.share, 1), metric_interval("accuracy", row.share_interval),
        percent(row.precision, 1), metric_interval("accuracy", row.precision_interval));
  }
  return fmt::format(
      "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\" class=\"l\">precision wanted</th><th "
      "scope=\"col\">top probability</th><th scope=\"col\">routed</th><th scope=\"col\" class=\"l\">95% "
      "interval</th><th "
      "scope=\"col\">precision there</th><th scope=\"col\" class=\"l\">95% "
      "interval</th></tr></thead>\n<tbody>\n{}</tbody>"
      "</table></div>\n",
      rows);
}

std::string level_cells(const metrics::RoutingRow& row) {
  if (!row.reachable || row.rows == 0) return "<td data-v=\"-1\">–</td><td data-v=\"-1\">–</td>";
  return fmt::format("<td data-v=\"{}\">{}</td><td class=\"soft\" data-v=\"{}\">{}</td>", row.share,
                     percent(row.share, 0), std::isnan(row.precision) ? -1 : row.precision, percent(row.precision, 0));
}

std::string by_class(const Report& report) {
  const metrics::RoutingTable& table = report.routing->table;
  if (table.by_class.empty()) return "";
  std::string head =
      "<th scope=\"col\" class=\"l\"><button type=\"button\">predicted class</button></th><th scope=\"col\"><button "
      "type=\"button\">rows</button></th>";
  for (const metrics::RoutingRow& level : table.overall) {
    head += fmt::format(
        "<th scope=\"col\"><button type=\"button\">routed at {0}</button></th><th scope=\"col\"><button "
        "type=\"button\">precision</button></th>",
        percent(level.precision_wanted, 0));
  }
  std::string rows;
  for (const metrics::ClassRouting& row : table.by_class) {
    const int64_t judged = row.own.empty() ? 0 : row.own[0].rows;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td data-v=\"{}\">{}</td>",
                        escape(label_name(report.labels, row.label)), judged, count(judged));
    for (size_t i = 0; i < row.own.size(); ++i) {
      rows += level_cells(row.used(i));
    }
    rows += "</tr>\n";
  }
  return fmt::format(
      "<details><summary>By predicted class</summary>\n<p class=\"note\">Each class has its own threshold, chosen on "
      "{}; "
      "where too few rows support one, the overall threshold is used. A dash: neither exists, or nothing was predicted "
      "so on {}.</p>\n<div class=\"scroll tall\"><table "
      "class=\"sortable\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>"
      "</table></div></details>\n",
      escape(report.routing->chosen_on), escape(report.routing->judged_on), head, rows);
}

}  // namespace

std::string html_routing(const Report& report) {
  if (!report.routing || report.routing->table.overall.empty()) return "";
  const Routing& routing = *report.routing;
  std::string body = overall(routing);
  if (routing.table.same_rows) {
    body +=
        "<p class=\"note\">The thresholds were chosen on these very rows, so the figures flatter. Chosen on a dev file "
        "and judged on a test file, they do not.</p>\n";
  }
  return section(
      "routing", "Automatic routing",
      fmt::format("The share of rows that needs no person to look at it. Thresholds on the top probability were "
                  "chosen on {}; the figures are from {}.",
                  escape(routing.chosen_on), escape(routing.judged_on)),
      body + by_class(report));
}

}  // namespace attune::report
