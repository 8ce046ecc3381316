#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/page.h"
#include "attune/report/plot.h"
#include "attune/selection/report/page_parts.h"
#include "attune/selection/report/text.h"
#include "attune/selection/report/words.h"

namespace attune::selection {

const char* const kChoiceStyle = R"css(
h4{font-size:.9rem;margin:16px 0 0}
article{margin-top:26px;border-top:1px solid var(--line);padding-top:4px}
article:first-of-type{border-top:0;margin-top:0}
.answer{font-size:1.1rem;max-width:none;margin-top:18px}
tr.failed td,tr.failed th{color:var(--soft)}
tbody th.wrap{min-width:18ch}td.wrap{min-width:16ch}
article td.wrap{white-space:pre-wrap}
.plot{min-width:680px}
.matters{fill:var(--soft);fill-opacity:.14}
svg .zero{stroke:var(--ink);stroke-width:1.2}
svg .judged{stroke:var(--main);fill:var(--main);stroke-width:2.6}
svg .judged.yes{stroke:var(--good);fill:var(--good)}svg .judged.no{stroke:var(--bad);fill:var(--bad)}
svg .raced{stroke:var(--soft);fill:var(--bg);stroke-width:1.2}
svg .gain{fill:var(--main)}svg .loss{fill:var(--second)}
)css";

namespace {

using report::escape, report::Scale;

// Columns of the plots, in pixels: names, the drawing, figures.
constexpr double kPlotWidth = 920, kFrom = 290, kTo = 640, kFigures = 656;
constexpr int kNameColumns = 42;  // characters of a name that fit
constexpr double kTop = 10;

std::string row_name(double y, const std::string& name, bool strong = false) {
  return fmt::format("<text{} x=\"0\" y=\"{:.1f}\">{}<title>{}</title></text>\n", strong ? " class=\"ink\"" : "", y + 4,
                     escape(report::fit(report::printable(name), kNameColumns)), escape(name));
}

std::string row_figures(double y, const std::string& figures, bool strong = false) {
  return fmt::format("<text{} x=\"{}\" y=\"{:.1f}\">{}</text>\n", strong ? " class=\"ink\"" : "", kFigures, y + 4,
                     escape(figures));
}

std::string upright(const char* style, double x, double top, double bottom) {
  return fmt::format("<line class=\"{0}\" x1=\"{1:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{3:.1f}\"/>\n", style, x,
                     top, bottom);
}

std::string open_svg(double height, const std::string& title, const std::string& summary) {
  return fmt::format(
      "<figure class=\"scroll\"><svg class=\"plot\" viewBox=\"0 0 {0} {1:.0f}\" width=\"100%\" "
      "style=\"max-width:{0}px\" "
      "role=\"img\" font-size=\"12\"><title>{2}</title><desc>{3}</desc>\n",
      kPlotWidth, height, escape(title), escape(summary));
}

std::string close_svg(const std::string& caption) {
  return fmt::format("</svg><figcaption>{}</figcaption></figure>\n", escape(caption));
}

std::string axis(const Scale& x, double top, double bottom, const std::string& title) {
  std::string out;
  for (const double tick : report::ticks(x.low, x.high, 6))
    out += upright("axis", x(tick), top, bottom) +
           fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"11\">{}</text>\n", x(tick),
                       bottom + 15, report::compact(tick, 6));
  return out + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"11\">{}</text>\n",
                           (x.from + x.to) / 2, bottom + 32, escape(title));
}

// One line of the plot of differences, in what is shown (points).
struct Line {
  std::string name, against = {}, style;
  double at = 0, low = 0, high = 0;
  bool judged = false;
};

std::string range_text(const Line& line, const report::MetricUnits& units) {
  const std::string at = units.number(line.at), range = units.number(line.low) + " to " + units.number(line.high);
  return line.judged ? at + "  (" + range + ")" : "shrunk " + at + ", by rows " + range;
}

std::vector<Line> lines_of(const Choice& choice) {
  std::vector<Line> lines;
  for (const Judgement& judged : choice.judgements) {
    const compare::Verdict& v = judged.verdict;
    const bool decided = v.state == compare::State::better || v.state == compare::State::better_by_worth;
    lines.push_back({.name = judged.first,
                     .against = "against " + judged.second,
                     .style = !decided           ? "judged"
                              : v.difference > 0 ? "judged yes"
                                                 : "judged no",
                     .at = v.difference,
                     .low = v.low,
                     .high = v.high,
                     .judged = true});
  }
  for (const RaceLine& line : choice.race)
    if (!line.failed && !is_plain(line, choice) && std::isfinite(line.shrunk))
      lines.push_back({.name = "race: " + race_arm(line) + (line.finalist ? " (finalist)" : ""),
                       .style = "raced",
                       .at = line.shrunk,
                       .low = line.low,
                       .high = line.high});
  return lines;
}

// Judgements fit in whole; a race line that is far out is cut and ends in an arrow.
Scale scale_of(const std::vector<Line>& lines, double worth) {
  double low = -1.3 * worth, high = 1.3 * worth, reach = 6 * worth;
  const auto keep = [&](double value, double most) {
    if (!std::isfinite(value)) return;
    low = std::min(low, std::max(value, -most)), high = std::max(high, std::min(value, most));
  };
  for (const Line& line : lines)
    if (line.judged)
      for (const double value : {line.low, line.at, line.high}) {
        keep(value, HUGE_VAL);
        if (std::isfinite(value)) reach = std::max(reach, 1.5 * std::abs(value));
      }
  for (const Line& line : lines)
    if (!line.judged)
      for (const double value : {line.low, line.at, line.high}) keep(value, reach > 0 ? reach : HUGE_VAL);
  if (low == high) low -= 1, high += 1;
  const double room = 0.03 * (high - low);
  return {low - room, high + room, kFrom, kTo};
}

// Points away from the drawing, at its edge.
std::string arrow(const std::string& style, double x, double y, int way) {
  return fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}l{} 5l0 -10z\"/>\n", style, x + 5 * way, y, -7 * way);
}

std::string draw(const Line& line, const Scale& x, double y) {
  if (line.low > x.high) return arrow(line.style, x.to, y, 1);
  if (line.high < x.low) return arrow(line.style, x.from, y, -1);
  std::string out;
  if (!std::isnan(line.low) && !std::isnan(line.high)) {
    const double from = std::max(line.low, x.low), to = std::min(line.high, x.high);
    out += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{y:.1f}\" y2=\"{y:.1f}\"/>\n", line.style,
                       x(from), x(to), fmt::arg("y", y));
    out += line.low < x.low ? arrow(line.style, x.from, y, -1) : upright(line.style.c_str(), x(from), y - 5, y + 5);
    out += line.high > x.high ? arrow(line.style, x.to, y, 1) : upright(line.style.c_str(), x(to), y - 5, y + 5);
  }
  if (!(line.at >= x.low && line.at <= x.high)) return out;
  return out + fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>\n", line.style, x(line.at), y,
                           line.judged ? 4.5 : 3.5);
}

}  // namespace

std::string plot_differences(const Choice& choice) {
  const report::MetricUnits units(choice.metric);
  const std::vector<Line> lines = lines_of(choice);
  if (lines.empty()) return "";
  const auto height_of = [](const Line& line) { return line.judged ? 40.0 : 22.0; };
  double bottom = kTop;
  for (const Line& line : lines) bottom += height_of(line);
  const Scale own = scale_of(lines, choice.worth);
  const Scale shown{own.low * units.scale(), own.high * units.scale(), own.from, own.to};
  std::string summary, rows;
  double y = kTop;
  for (const Line& line : lines) {
    const double middle = y + height_of(line) / 2;
    rows += row_name(line.judged ? middle - 8 : middle, line.name, line.judged);
    if (line.judged) rows += row_name(middle + 8, line.against);
    rows += draw(line, own, middle) + row_figures(middle, range_text(line, units), line.judged);
    summary += fmt::format("{} {}: {}. ", line.name, line.against, range_text(line, units));
    y += height_of(line);
  }
  const std::string title = fmt::format("{}{}", report::metric_title(choice.metric),
                                        units.points() ? ", difference in points" : ", difference");
  std::string out = open_svg(bottom + 40, title, summary);
  out += fmt::format("<rect class=\"matters\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
                     own(-choice.worth), kTop, own(choice.worth) - own(-choice.worth), bottom - kTop);
  out += axis(shown, kTop, bottom, title + ": more is better") + upright("zero", own(0), kTop, bottom) + rows;
  std::string caption =
      fmt::format("Shaded: less than {}, which does not matter.", amount(choice.metric, choice.worth));
  if (!choice.judgements.empty()) caption += fmt::format(" Bold: judged, with {:g}% intervals.", 100 * choice.level);
  if (std::any_of(lines.begin(), lines.end(), [](const Line& line) { return !line.judged; }))
    caption +=
        " Thin: of the race, circles where the shrunk difference lies; such intervals leave out the luck of runs.";
  return out + close_svg(caption);
}

std::string plot_class_changes(const Choice& choice, const Judgement& judged) {
  if (judged.classes.empty()) return "";
  constexpr double kRow = 22;
  double most = 0.01;
  for (const ClassChange& change : judged.classes)
    if (std::isfinite(change.first - change.second)) most = std::max(most, std::abs(change.first - change.second));
  const Scale x{-100 * most, 100 * most, kFrom, kTo};
  const double bottom = kTop + kRow * static_cast<double>(judged.classes.size());
  const report::MetricUnits points("accuracy");
  std::string rows, summary;
  double y = kTop;
  for (const ClassChange& change : judged.classes) {
    const double gain = change.first - change.second, middle = y + kRow / 2;
    const double from = x(std::min(0.0, 100 * gain)), to = x(std::max(0.0, 100 * gain));
    const std::string figures =
        fmt::format("{}  ({} against {}), {}", points.number(gain), report::fixed(change.first, 3),
                    report::fixed(change.second, 3), report::plural(change.rows, "row"));
    rows += row_name(middle, change.label, true);
    if (std::isfinite(gain))
      rows += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\"/>\n",
                          gain >= 0 ? "gain" : "loss", from, middle - 6, to - from);
    rows += row_figures(middle, figures);
    summary += change.label + ": " + figures + ". ";
    y += kRow;
  }
  const std::string title = fmt::format("Classes that change most: {}, in points", class_measure(choice));
  return "<h4>" + escape(title) + "</h4>\n" + open_svg(bottom + 40, title, summary) +
         axis(x, kTop, bottom, "gain of the first side, in points") + rows + upright("zero", x(0), kTop, bottom) +
         close_svg("A class of few rows moves by itself: bars have no intervals.");
}

}  // namespace attune::selection
