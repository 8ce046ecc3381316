// Axes and marks of the SVG plots.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace attune::report {

// Maps [low, high] to pixels; a flat range maps to the middle.
struct Scale {
  double low, high;  // data
  double from, to;   // pixels
  double operator()(double value) const {
    return high > low ? from + (value - low) / (high - low) * (to - from) : (from + to) / 2;
  }
};

// Round values (1, 2, 5 times a power of ten) inside [low, high], about `most` of them.
std::vector<double> ticks(double low, double high, int most);

struct PlotFrame {
  std::string title;  // read out by screen readers and shown above
  std::string x_title = {};
  double width = 360, height = 230;
  double left = 52, right = 14, top = 26, bottom = 38;
};
// Opening tag, title, grid lines and tick labels. Closed by the caller with "</svg></figure>".
std::string open_plot(const PlotFrame& frame, const Scale& x, const Scale& y, std::string_view summary);

// "M x y L x y ..." through the points that are finite.
std::string path(const std::vector<double>& xs, const std::vector<double>& ys, const Scale& x, const Scale& y);

}  // namespace attune::report
