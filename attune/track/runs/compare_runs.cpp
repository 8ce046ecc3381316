#include "attune/track/runs/compare_runs.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>

#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/page.h"
#include "attune/report/plot.h"
#include "attune/track/runs/run_text.h"
#include "attune/track/runs/run_values.h"

namespace attune::track {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using Row = std::array<std::string, 4>;  // what, of the first, of the second, difference

constexpr size_t kSideBlocks = 24;
constexpr size_t kMostPoints = 800;  // a curve of more is thinned evenly

// Options, then fingerprints of what was read.
std::vector<Row> differences(const RunsSideBySide& both) {
  std::vector<Row> rows;
  for (const std::string& name : differing_options(std::array{both.first, both.second}))
    rows.push_back({name, shown(value_of(both.first, name)), shown(value_of(both.second, name)), ""});
  const auto prints = [](const StoredRun& run) {
    std::map<std::string, std::string> sums;
    if (!run.identity.is_object()) return sums;
    const json data = run.identity.value("data_sha256", json::object());
    for (const auto& [file, sum] : data.items()) sums[file] = shown(sum);
    if (run.identity.contains("model_sha256")) sums["the model"] = shown(run.identity["model_sha256"]);
    return sums;
  };
  const auto first = prints(both.first), second = prints(both.second);
  for (const auto& [file, sum] : first)
    if (const auto found = second.find(file); found != second.end() && found->second != sum)
      rows.push_back({"content of " + file, sum.substr(0, 12), found->second.substr(0, 12), ""});
  return rows;
}

std::vector<Row> reached(const RunsSideBySide& both) {
  std::set<std::string> names;
  for (const StoredRun* run : {&both.first, &both.second})
    for (const auto& [name, value] : run->finals) names.insert(name);
  const auto value = [](const StoredRun& run, const std::string& name) {
    const auto found = run.finals.find(name);
    return found == run.finals.end() ? std::nan("") : found->second;
  };
  std::vector<Row> rows;
  for (const std::string& name : names) {
    const double a = value(both.first, name), b = value(both.second, name);
    rows.push_back(
        {name, report::fixed(a, 4), report::fixed(b, 4), std::isnan(b - a) ? "-" : fmt::format("{:+.4f}", b - a)});
  }
  return rows;
}

// The losses first, then by name.
std::vector<std::string> curve_names(const RunsSideBySide& both) {
  std::set<std::string> names;
  for (const auto* curves : {&both.first_curves, &both.second_curves})
    for (const auto& [name, curve] : *curves) names.insert(name);
  std::vector<std::string> ordered;
  for (const char* loss : {"train/loss", "dev/loss"})
    if (names.erase(loss) > 0) ordered.emplace_back(loss);
  ordered.insert(ordered.end(), names.begin(), names.end());
  return ordered;
}

const Curve& curve_of(const std::map<std::string, Curve>& curves, const std::string& name) {
  static const Curve kNone;
  const auto found = curves.find(name);
  return found == curves.end() ? kNone : found->second;
}

std::string label(const StoredRun& run) {
  return fmt::format("{} ({})", run.name, run.id);
}

Curve thinned(const Curve& all) {
  const size_t stride = (all.steps.size() + kMostPoints - 1) / kMostPoints;
  if (stride <= 1) return all;
  Curve few;
  for (size_t i = 0; i < all.steps.size(); i += stride)
    few.steps.push_back(all.steps[i]), few.values.push_back(all.values[i]);
  return few;
}

std::string plot(const RunsSideBySide& both, const std::string& name) {
  const Curve first = thinned(curve_of(both.first_curves, name)), second = thinned(curve_of(both.second_curves, name));
  double x_high = 0, low = HUGE_VAL, high = -HUGE_VAL;
  for (const Curve* curve : {&first, &second}) {
    for (const double step : curve->steps) x_high = std::max(x_high, step);
    for (const double value : curve->values) low = std::min(low, value), high = std::max(high, value);
  }
  if (!(high >= low)) return "";
  const double room = high > low ? (high - low) * 0.04 : std::max(1e-3, std::abs(high) * 0.1);
  const report::PlotFrame frame{.title = name, .x_title = "step"};
  const report::Scale x{0, x_high, frame.left, frame.width - frame.right};
  const report::Scale y{low - room, high + room, frame.height - frame.bottom, frame.top};
  const std::string caption = fmt::format("{} (blue), {} (orange)", label(both.first), label(both.second));
  std::string out = report::open_plot(frame, x, y, caption);
  const auto draw = [&](const Curve& curve, const char* style, const char* dot) {
    out += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", style, report::path(curve.steps, curve.values, x, y));
    if (curve.steps.size() > 40) return;
    for (size_t i = 0; i < curve.steps.size(); ++i)
      out +=
          fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>step {}: {}</title></circle>",
                      dot, x(curve.steps[i]), y(curve.values[i]), curve.steps[i], report::compact(curve.values[i], 5));
  };
  draw(first, "curve", "hit"), draw(second, "second", "miss");
  return out + "</svg></figure>\n";
}

std::string table(const std::vector<Row>& rows, const RunsSideBySide& both, bool numbers) {
  if (rows.empty()) return "";
  const char* kind = numbers ? "" : " class=\"l wrap\"";
  std::string out = fmt::format(
      "<div class=\"scroll\"><table><thead><tr><th></th><th{0}>{1}</th><th{0}>{2}</th>{3}</tr></thead><tbody>\n", kind,
      report::escape(label(both.first)), report::escape(label(both.second)), numbers ? "<th>difference</th>" : "");
  for (const Row& row : rows) {
    out += fmt::format("<tr><th scope=\"row\">{}</th>", report::escape(row[0]));
    for (size_t i = 1; i < (numbers ? 4u : 3u); ++i) out += fmt::format("<td{}>{}</td>", kind, report::escape(row[i]));
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>";
}

std::string columns_of(const std::vector<Row>& rows, const RunsSideBySide& both, const char* title, bool numbers,
                       int width) {
  report::Columns columns;
  const auto align = numbers ? report::Align::right : report::Align::left;
  columns.column(title, report::Align::left).column(label(both.first), align).column(label(both.second), align);
  if (numbers) columns.column("difference");
  for (const Row& row : rows)
    columns.row(numbers ? std::vector<std::string>{row[0], row[1], row[2], row[3]}
                        : std::vector<std::string>{row[0], row[1], row[2]});
  return columns.text(width);
}

}  // namespace

std::string compare_text(const RunsSideBySide& both, int width) {
  const std::vector<Row> asked = differences(both), got = reached(both);
  std::string text =
      asked.empty() ? "  the same options and the same data\n" : columns_of(asked, both, "differs", false, width);
  if (!got.empty()) text += "\n" + columns_of(got, both, "reached", true, width);
  std::vector<Row> curves;
  for (const std::string& name : curve_names(both)) {
    const auto cell = [&](const Curve& curve) {
      return curve.values.empty()
                 ? "-"
                 : fmt::format("{} {}", spark(curve.values, kSideBlocks), report::compact(curve.values.back(), 4));
    };
    curves.push_back({name, cell(curve_of(both.first_curves, name)), cell(curve_of(both.second_curves, name)), ""});
  }
  if (!curves.empty()) text += "\n" + columns_of(curves, both, "by step", false, width);
  return text +
         "\n  Each row of blocks goes from its own smallest value to its largest.\n"
         "  One run of each says little about the next: attune compare weighs predictions of several.\n";
}

ordered_json compare_json(const RunsSideBySide& both) {
  ordered_json differs = ordered_json::object();
  for (const std::string& name : differing_options(std::array{both.first, both.second}))
    differs[name] = {value_of(both.first, name), value_of(both.second, name)};
  return {{"first", to_json(both.first)},
          {"second", to_json(both.second)},
          {"differs", differs},
          {"curves", {{"first", to_json(both.first_curves)}, {"second", to_json(both.second_curves)}}}};
}

std::string compare_page(const RunsSideBySide& both) {
  std::string plots;
  for (const std::string& name : curve_names(both)) plots += plot(both, name);
  const std::vector<Row> asked = differences(both);
  const std::string same = "<p>The same options and the same data.</p>";
  report::Page page{.title = fmt::format("{} and {}", label(both.first), label(both.second))};
  page.headline = fmt::format("<p>{}: {}, {}. {}: {}, {}.</p>\n", report::escape(label(both.first)), both.first.state,
                              report::escape(both.first.out), report::escape(label(both.second)), both.second.state,
                              report::escape(both.second.out));
  page.body = report::section("differs", "What differs", "", asked.empty() ? same : table(asked, both, false)) +
              report::section("reached", "What they reached", "One run of each says little about the next.",
                              table(reached(both), both, true)) +
              report::section("curves", "Curves",
                              fmt::format("{} in blue, {} in orange.", report::escape(label(both.first)),
                                          report::escape(label(both.second))),
                              plots.empty() ? "" : "<div class=\"grid\">\n" + plots + "</div>");
  page.footer = "attune runs compare";
  return report::page_html(page);
}

}  // namespace attune::track
