#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/report/format.h"
#include "attune/report/html_parts.h"
#include "attune/report/plot.h"

namespace attune::report {
namespace {

constexpr size_t kMostPoints = 800;  // a curve of more is thinned evenly

struct Series {
  std::vector<double> x, y;
  const char* style;
  bool dots = false;
};

void keep_range(const std::vector<double>& values, double& low, double& high) {
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
}

// `most`: the largest value that the axis may show beyond the data's own.
std::string line_plot(const std::string& title, const std::vector<Series>& series, bool from_zero,
                      const std::string& caption, double most = HUGE_VAL) {
  double x_low = HUGE_VAL, x_high = -HUGE_VAL, y_low = from_zero ? 0 : HUGE_VAL, y_high = -HUGE_VAL;
  for (const Series& one : series) {
    keep_range(one.x, x_low, x_high);
    keep_range(one.y, y_low, y_high);
  }
  if (!(x_high >= x_low) || !(y_high >= y_low)) return "";
  if (y_high == y_low) {
    const double room = std::max(1e-3, std::abs(y_high) * 0.1);
    y_high + room <= most ? y_high += room : y_low -= room;
  }
  const PlotFrame frame{.title = title, .x_title = "step"};
  const Scale x{std::min(0.0, x_low), x_high, frame.left, frame.width - frame.right};
  const double headroom = y_high + (y_high - y_low) * 0.04;
  const Scale y{y_low, std::max(y_high, std::min(headroom, most)), frame.height - frame.bottom, frame.top};
  std::string out = open_plot(frame, x, y, caption);
  for (const Series& one : series) {
    out += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", one.style, path(one.x, one.y, x, y));
    // A line through one point would not be seen.
    const bool alone = std::count_if(one.y.begin(), one.y.end(), [](double v) { return std::isfinite(v); }) == 1;
    if (!one.dots && !alone) continue;
    for (size_t i = 0; i < one.x.size(); ++i) {
      if (!std::isfinite(one.y[i])) continue;
      out +=
          fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"><title>step {}: {}</title></circle>",
                      one.dots ? "dot" : "hit", x(one.x[i]), y(one.y[i]), one.x[i], compact(one.y[i], 4));
    }
  }
  return out + fmt::format("</svg><figcaption>{}</figcaption></figure>\n", escape(caption));
}

// Exponential mean over about a twentieth of the points, corrected for its start.
std::vector<double> smooth(const std::vector<double>& values) {
  const double window = std::clamp(static_cast<double>(values.size()) / 20, 2.0, 50.0);
  const double keep = 1 - 2 / (window + 1);
  std::vector<double> out;
  double sum = 0, weight = 0;
  for (const double value : values) {
    if (std::isfinite(value)) {
      sum = keep * sum + (1 - keep) * value;
      weight = keep * weight + (1 - keep);
    }
    out.push_back(weight > 0 ? sum / weight : value);
  }
  return out;
}

Series thinned(const Series& all) {
  const size_t stride = (all.x.size() + kMostPoints - 1) / kMostPoints;
  if (stride <= 1) return all;
  Series few{{}, {}, all.style, all.dots};
  for (size_t i = 0; i < all.x.size(); i += stride) few.x.push_back(all.x[i]), few.y.push_back(all.y[i]);
  return few;
}

}  // namespace

std::string plot_curves(const Report& report) {
  Series raw{{}, {}, "raw"}, rate{{}, {}, "curve"}, score{{}, {}, "second", true}, held_out{{}, {}, "second", true};
  for (const CurvePoint& point : report.curve) {
    raw.x.push_back(static_cast<double>(point.step));
    raw.y.push_back(point.loss);
    rate.x.push_back(static_cast<double>(point.step));
    rate.y.push_back(point.lr);
  }
  for (const EvaluationPoint& point : report.evaluations) {
    score.x.push_back(static_cast<double>(point.step));
    score.y.push_back(point.score);
    held_out.x.push_back(static_cast<double>(point.step));
    held_out.y.push_back(point.loss);
  }
  const std::string metric = headline_metric(report);
  const Series mean{raw.x, smooth(raw.y), "curve"};
  const bool has_held_out =
      std::any_of(held_out.y.begin(), held_out.y.end(), [](double y) { return std::isfinite(y); });
  const std::string plots =
      line_plot("Loss", {thinned(raw), thinned(mean), held_out}, true,
                has_held_out ? "training, smoothed (line) and as it was (faint); dev (dots)"
                             : "training, smoothed (line) and as it was (faint)") +
      line_plot("dev " + metric_title(metric), {score}, false,
                report.task == "multilabel" ? "at each evaluation, with thresholds of 0.5" : "at each evaluation",
                is_share(metric) ? 1 : HUGE_VAL) +
      line_plot("Learning rate", {thinned(rate)}, true, "of the first parameter group");
  return plots.empty() ? "" : "<div class=\"grid\">\n" + plots + "</div>";
}

}  // namespace attune::report
