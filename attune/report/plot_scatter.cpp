#include <algorithm>
#include <fmt/format.h>

#include "attune/report/html_parts.h"
#include "attune/report/plot.h"

namespace attune::report {

std::string plot_scatter(const std::vector<metrics::ScoreRecord>& predictions) {
  if (predictions.empty()) return "";
  constexpr size_t kMostPoints = 2000;
  const size_t stride = (predictions.size() + kMostPoints - 1) / kMostPoints;
  double low = predictions[0].gold, high = low;
  for (const metrics::ScoreRecord& one : predictions) {
    low = std::min({low, one.gold, one.predicted});
    high = std::max({high, one.gold, one.predicted});
  }
  if (low == high) high = low + 1;
  const PlotFrame frame{.title = "Predicted score", .x_title = "gold score", .width = 480, .height = 420};
  const Scale x{low, high, frame.left, frame.width - frame.right}, y{low, high, frame.height - frame.bottom, frame.top};
  std::string out = open_plot(frame, x, y, "one dot a row: gold score across, predicted score up");
  for (size_t i = 0; i < predictions.size(); i += stride) {
    out += fmt::format("<circle class=\"point\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\"/>", x(predictions[i].gold),
                       y(predictions[i].predicted));
  }
  out += fmt::format("\n<path class=\"ideal\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x(low), y(low), x(high), y(high));
  const std::string thinned = stride > 1 ? fmt::format(" Every {}{} row is drawn.", stride,
                                                       stride == 2   ? "nd"
                                                       : stride == 3 ? "rd"
                                                                     : "th")
                                         : "";
  return out + "</svg><figcaption>One dot a row; on the dashed line the prediction is exact." + thinned +
         "</figcaption></figure>";
}

}  // namespace attune::report
