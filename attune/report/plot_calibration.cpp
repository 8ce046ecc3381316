#include <algorithm>
#include <fmt/format.h>

#include "attune/report/format.h"
#include "attune/report/html_parts.h"
#include "attune/report/plot.h"

namespace attune::report {
namespace {

struct Bars {
  double low, high;  // probabilities
  double accuracy, confidence;
  int64_t rows;
};

std::vector<Bars> filled_bins(const metrics::CalibrationBins& bins) {
  std::vector<Bars> bars;
  for (size_t b = 0; b < bins.size(); ++b) {
    if (bins[b].rows == 0) continue;
    const auto rows = static_cast<double>(bins[b].rows), all = static_cast<double>(bins.size());
    bars.push_back({static_cast<double>(b) / all, static_cast<double>(b + 1) / all,
                    static_cast<double>(bins[b].correct) / rows, bins[b].confidence / rows, bins[b].rows});
  }
  return bars;
}

std::string reliability(const std::vector<Bars>& bars) {
  const PlotFrame frame{.title = "Share that is right", .x_title = "top probability", .width = 420, .height = 330};
  const Scale x{0, 1, frame.left, frame.width - frame.right}, y{0, 1, frame.height - frame.bottom, frame.top};
  std::string out = open_plot(frame, x, y, "bars: share of right rows in each bin of the top probability");
  for (const Bars& bar : bars) {
    out += fmt::format(
        "<rect class=\"hit cell\" fill-opacity=\".55\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"><title>probability {:.2f} to {:.2f}: {}, {} right, mean probability {}</title>"
        "</rect>\n",
        x(bar.low) + 1, y(bar.accuracy), x(bar.high) - x(bar.low) - 2, y(0) - y(bar.accuracy), bar.low, bar.high,
        plural(bar.rows, "row"), percent(bar.accuracy, 1), fixed(bar.confidence, 3));
    out += fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>\n", x(bar.confidence),
                       y(bar.accuracy));
  }
  out += fmt::format("<path class=\"ideal\" d=\"M{} {}L{} {}\"/>\n", x(0), y(0), x(1), y(1));
  return out +
         "</svg><figcaption>On the dashed line a probability means what it says; below it the model is too sure. Dots "
         "stand at the bin's mean probability.</figcaption></figure>\n";
}

std::string histogram(const std::vector<Bars>& bars) {
  int64_t most = 1;
  for (const Bars& bar : bars) most = std::max(most, bar.rows);
  const PlotFrame frame{.title = "Rows", .x_title = "top probability", .width = 420, .height = 330};
  const Scale x{0, 1, frame.left, frame.width - frame.right};
  const Scale y{0, static_cast<double>(most) * 1.04, frame.height - frame.bottom, frame.top};
  std::string out = open_plot(frame, x, y, "how many rows have each top probability");
  for (const Bars& bar : bars) {
    const double top = y(static_cast<double>(bar.rows));
    out += fmt::format(
        "<rect class=\"hit cell\" fill-opacity=\".55\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"><title>probability {:.2f} to {:.2f}: {}</title></rect>\n",
        x(bar.low) + 1, top, x(bar.high) - x(bar.low) - 2, y(0) - top, bar.low, bar.high, plural(bar.rows, "row"));
  }
  return out + "</svg><figcaption>How many rows have each top probability.</figcaption></figure>\n";
}

}  // namespace

std::string plot_calibration(const metrics::CalibrationBins& bins) {
  const std::vector<Bars> bars = filled_bins(bins);
  if (bars.empty()) return "";
  return fmt::format(
      "<p>Expected calibration error {}: the mean distance from the dashed line, weighted by rows.</p>\n"
      "<div class=\"grid\">\n{}{}</div>",
      fixed(metrics::expected_calibration_error(bins), 3), reliability(bars), histogram(bars));
}

}  // namespace attune::report
