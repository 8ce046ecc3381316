#include "attune/report/plot.h"

#include <cmath>
#include <fmt/format.h>

#include "attune/report/format.h"
#include "attune/report/html_parts.h"

namespace attune::report {

std::vector<double> ticks(double low, double high, int most) {
  if (!(high > low) || most < 1) return {low};
  const double rough = (high - low) / most, power = std::pow(10.0, std::floor(std::log10(rough)));
  const double scaled = rough / power;
  const double step = power * (scaled <= 1 ? 1 : scaled <= 2 ? 2 : scaled <= 5 ? 5 : 10);
  std::vector<double> values;
  for (double tick = std::ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) {
    values.push_back(std::abs(tick) < step * 1e-9 ? 0.0 : tick);
  }
  return values;
}

std::string open_plot(const PlotFrame& frame, const Scale& x, const Scale& y, std::string_view summary) {
  std::string out = fmt::format(
      "<figure><svg viewBox=\"0 0 {0} {1}\" width=\"100%\" style=\"max-width:{0}px\" role=\"img\" font-size=\"11\">"
      "<title>{2}</title><desc>{3}</desc>\n<text class=\"ink\" x=\"{4}\" y=\"14\" font-size=\"12.5\">{2}</text>\n",
      frame.width, frame.height, escape(frame.title), escape(summary), frame.left);
  for (const double tick : ticks(y.low, y.high, 5)) {
    out += fmt::format(
        "<line class=\"axis\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/><text x=\"{3}\" "
        "y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        x.from, x.to, y(tick), x.from - 6, y(tick) + 4, compact(tick, 6));
  }
  for (const double tick : ticks(x.low, x.high, 6)) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x(tick), y.from + 15,
                       compact(tick, 6));
  }
  if (!frame.x_title.empty()) {
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (x.from + x.to) / 2, y.from + 31,
                       escape(frame.x_title));
  }
  return out;
}

std::string path(const std::vector<double>& xs, const std::vector<double>& ys, const Scale& x, const Scale& y) {
  std::string out;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!std::isfinite(ys[i])) continue;
    out += fmt::format("{}{:.1f} {:.1f}", out.empty() ? "M" : "L", x(xs[i]), y(ys[i]));
  }
  return out;
}

}  // namespace attune::report
