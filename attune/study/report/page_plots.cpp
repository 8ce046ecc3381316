#include "attune/study/report/page_plots.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>

#include "attune/metrics/catalog.h"
#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/page.h"
#include "attune/report/plot.h"
#include "attune/study/report/words.h"

namespace attune::study {
namespace {

using report::escape, report::PlotFrame, report::Scale;

struct Extent {
  double low = HUGE_VAL, high = -HUGE_VAL;
  void keep(double value) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
  bool any() const { return low <= high; }
  Extent with_room() const {
    const double room = high > low ? 0.05 * (high - low) : std::max(1e-3, 0.05 * std::abs(high));
    return {low - room, high + room};
  }
};

Scale across(const PlotFrame& frame, const Extent& extent) {
  return {extent.low, extent.high, frame.left, frame.width - frame.right};
}
Scale up(const PlotFrame& frame, const Extent& extent) {
  return {extent.low, extent.high, frame.height - frame.bottom, frame.top};
}

std::string close(const std::string& caption) {
  return "</svg><figcaption>" + escape(caption) + "</figcaption></figure>\n";
}

struct Dot {
  double x, y;
  const char* style;
  std::string title;
};

std::string draw(const std::vector<Dot>& dots, const Scale& x, const Scale& y, double radius) {
  std::string out;
  for (const Dot& dot : dots)
    out += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
                       dot.style, x(dot.x), y(dot.y), radius, escape(dot.title));
  return out;
}

std::string across_at(double y, const Scale& x, const char* style) {
  return fmt::format("<path class=\"{}\" d=\"M{:.1f} {y:.1f}L{:.1f} {y:.1f}\"/>\n", style, x.from, x.to,
                     fmt::arg("y", y));
}

std::string small_curve(const std::string& metric, const tune::MarginalCurve& curve) {
  Extent xs, ys;
  const bool numbers = std::all_of(curve.points.begin(), curve.points.end(), [](const tune::Marginal& point) {
    return std::holds_alternative<double>(point.at);
  });
  const auto place = [&](size_t i) { return numbers ? std::get<double>(curve.points[i].at) : static_cast<double>(i); };
  // A range by logarithms has its points evenly there: many times more between its ends than between neighbours.
  const bool logarithmic = numbers && place(0) > 0 && place(curve.points.size() - 1) / place(0) > 15;
  const auto at = [&](size_t i) { return logarithmic ? std::log10(place(i)) : place(i); };
  for (size_t i = 0; i < curve.points.size(); ++i) {
    xs.keep(at(i));
    for (const double value : {curve.points[i].low, curve.points[i].mean, curve.points[i].high}) ys.keep(value);
  }
  if (!xs.any() || !ys.any()) return "";
  const PlotFrame frame{
      .title = curve.dimension, .x_title = logarithmic ? "power of ten" : "", .width = 340, .height = 210};
  if (!numbers) xs.low -= 0.4, xs.high += 0.4;
  const Scale x = across(frame, numbers ? xs.with_room() : xs), y = up(frame, ys.with_room());
  std::string summary = report::metric_title(metric) + " along " + curve.dimension;
  std::string out = report::open_plot(frame, numbers ? x : Scale{0, 0, frame.left, frame.left}, y, summary);
  if (numbers) {
    std::vector<double> places, means;
    std::string band;
    for (size_t i = 0; i < curve.points.size(); ++i) {
      places.push_back(at(i)), means.push_back(curve.points[i].mean);
      band += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x(at(i)), y(curve.points[i].high));
    }
    for (size_t i = curve.points.size(); i-- > 0;)
      band += fmt::format("L{:.1f} {:.1f}", x(at(i)), y(curve.points[i].low));
    out += fmt::format("<path class=\"matters\" d=\"{}Z\"/>\n<path class=\"curve\" d=\"{}\"/>\n", band,
                       report::path(places, means, x, y));
  }
  for (size_t i = 0; i < curve.points.size(); ++i) {
    const tune::Marginal& point = curve.points[i];
    const std::string name = numbers ? tune::number_text(place(i)) : std::get<std::string>(point.at);
    if (!numbers)
      out += fmt::format(
          "<line class=\"judged\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n"
          "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\" font-size=\"11\">{4}<title>{5}</title></text>\n",
          x(at(i)), y(point.low), y(point.high), frame.height - frame.bottom + 16, escape(report::fit(name, 14)),
          escape(name));
    out += fmt::format("<circle class=\"hit\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"><title>{}: {}</title></circle>\n",
                       x(at(i)), y(point.mean), escape(name), value_title(metric, point.mean));
  }
  return out + "</svg></figure>\n";
}

std::string offers_plot(const Outcome& outcome, const std::string& title, double limit,
                        const std::function<double(const Answering&)>& cost) {
  Extent xs, ys;
  std::vector<Dot> dots;
  for (const Offer& offer : outcome.offers) {
    const double x = cost(offer.answering);
    xs.keep(x), ys.keep(offer.answering.value);
    dots.push_back({x, offer.answering.value,
                    offer.on_front       ? "hit"
                    : offer.keeps_limits ? "point"
                                         : "miss",
                    fmt::format("trial {} in {}", offer.trial, offer.answering.precision)});
  }
  if (dots.empty()) return "";
  xs.keep(limit);
  const PlotFrame frame{.title = report::metric_title(outcome.metric), .x_title = title, .width = 480, .height = 300};
  const Scale x = across(frame, xs.with_room()), y = up(frame, ys.with_room());
  return report::open_plot(frame, x, y, "a dot for each trial and precision") +
         fmt::format("<path class=\"ideal\" d=\"M{0:.1f} {1:.1f}L{0:.1f} {2:.1f}\"/>\n", x(limit), frame.top,
                     frame.height - frame.bottom) +
         draw(dots, x, y, 4.5) +
         close(
             "Dashed: the limit; orange: beyond one. Full dots: nothing is as good in all that counts and better in "
             "one.");
}

}  // namespace

std::string plot_search(const Outcome& outcome) {
  std::vector<Dot> shorter, full;
  std::vector<std::pair<double, double>> ended;  // of full runs
  std::optional<double> defaults;
  Extent xs, ys;
  for (const TrialLine& trial : outcome.trials)
    for (const RunLine& run : trial.runs) {
      if (!run.value || run.state != tune::RunState::finished) continue;
      const double minutes = (run.began + run.seconds) / 60;
      const std::string title = fmt::format("trial {}, {}: {}, {}", trial.number, length_title(run.share),
                                            value_title(outcome.metric, run.value), trial_title(trial));
      xs.keep(minutes), ys.keep(*run.value);
      if (run.share < 1) {
        shorter.push_back({minutes, *run.value, "raced", title});
        continue;
      }
      full.push_back({minutes, *run.value, trial.arm == tune::Arm::random ? "miss" : "hit", title});
      ended.emplace_back(minutes, *run.value);
      if (trial.arm == tune::Arm::defaults) defaults = run.value;
    }
  if (full.empty()) return "";
  std::sort(ended.begin(), ended.end());
  const PlotFrame frame{
      .title = report::metric_title(outcome.metric), .x_title = "minutes", .width = 760, .height = 320};
  const Scale x = across(frame, Extent{0, 1.02 * xs.high}), y = up(frame, ys.with_room());
  std::vector<double> times, best;
  for (const auto& [minutes, value] : ended) {
    if (!best.empty()) times.push_back(minutes), best.push_back(best.back());
    if (best.empty() || metrics::is_better(outcome.metric, value, best.back()))
      times.push_back(minutes), best.push_back(value);
  }
  std::string out = report::open_plot(frame, x, y, "runs of the search by the time they ended");
  if (defaults) out += across_at(y(*defaults), x, "ideal");
  return out + fmt::format("<path class=\"curve\" d=\"{}\"/>\n", report::path(times, best, x, y)) +
         draw(shorter, x, y, 3) + draw(full, x, y, 4.5) +
         close(
             "Full dots: runs of full length (orange: drawn at random); rings: short ones, which lie lower because "
             "they "
             "are short. Line: the best so far in full. Dashed: the defaults.");
}

std::string plot_importance(const tune::Importance& importance) {
  if (importance.shares.empty()) return "";
  constexpr double kRow = 24, kFrom = 230, kTo = 640, kTop = 6;
  const double bottom = kTop + kRow * static_cast<double>(importance.shares.size());
  const Scale x{0, 1, kFrom, kTo};
  std::string rows, summary;
  double y = kTop + kRow / 2;
  for (const tune::Share& share : importance.shares) {
    rows += fmt::format("<text x=\"0\" y=\"{:.1f}\">{}<title>{}</title></text>\n", y + 4,
                        escape(report::fit(share.dimensions[0], 32)), escape(share.dimensions[0]));
    rows += fmt::format("<rect class=\"gain\" x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"10\"/>\n", kFrom, y - 5,
                        x(share.share) - kFrom);
    rows += fmt::format("<line class=\"whisker\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{y:.1f}\" y2=\"{y:.1f}\"/>\n",
                        x(share.low), x(share.high), fmt::arg("y", y));
    rows += fmt::format("<text x=\"{}\" y=\"{:.1f}\">{}</text>\n", kTo + 16, y + 4, share_text(share));
    summary += fmt::format("{}: {}. ", share.dimensions[0], share_text(share));
    y += kRow;
  }
  std::string axis;
  for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0})
    axis += fmt::format(
        "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\" font-size=\"11\">{4}</text>\n",
        x(tick), kTop, bottom, bottom + 15, tick);
  return fmt::format(
             "<figure class=\"scroll\"><svg class=\"plot\" viewBox=\"0 0 820 {:.0f}\" width=\"100%\" "
             "style=\"max-width:820px\" role=\"img\" font-size=\"12\"><title>What mattered</title><desc>{}</desc>\n",
             bottom + 24, escape(summary)) +
         axis + rows + close("Bars: the share; lines: 95% intervals.");
}

std::string plot_curves(const Outcome& outcome) {
  std::string out;
  for (const tune::MarginalCurve& curve : outcome.importance.curves)
    if (curve.points.size() > 1) out += small_curve(outcome.metric, curve);
  return out.empty() ? "" : "<div class=\"grid\">\n" + out + "</div>\n";
}

std::string plot_offers(const Outcome& outcome) {
  std::string out;
  if (outcome.limits.latency_ms)
    out += offers_plot(outcome, "ms a text", *outcome.limits.latency_ms,
                       [](const Answering& each) { return each.latency_ms; });
  if (outcome.limits.bytes)
    out += offers_plot(outcome, "MB of weights", *outcome.limits.bytes / 1e6,
                       [](const Answering& each) { return each.bytes / 1e6; });
  return out.empty() ? "" : "<div class=\"grid\">\n" + out + "</div>\n";
}

}  // namespace attune::study
