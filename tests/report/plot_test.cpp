#include "attune/report/plot.h"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "attune/report/html_parts.h"

namespace attune::report {
namespace {

TEST(Plot, TicksAreRound) {
  EXPECT_EQ(ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(ticks(3, 3, 5), (std::vector<double>{3}));
  const std::vector<double> steps = ticks(0, 846, 6);
  EXPECT_EQ(steps, (std::vector<double>{0, 200, 400, 600, 800}));
}

TEST(Plot, ScaleMapsEndsAndFlatRanges) {
  const Scale scale{10, 20, 100, 0};
  EXPECT_EQ(scale(10), 100);
  EXPECT_EQ(scale(20), 0);
  EXPECT_EQ((Scale{1, 1, 0, 50})(1), 25);
}

TEST(Plot, PathLeavesOutWhatIsNotFinite) {
  const Scale unit{0, 1, 0, 10};
  EXPECT_EQ(path({0, 0.5, 1}, {0, NAN, 1}, unit, unit), "M0.0 0.0L10.0 10.0");
}

TEST(Plot, CurvesSurviveNaNAndSinglePoints) {
  Report report;
  report.task = "classify";
  EXPECT_EQ(plot_curves(report), "");
  report.curve = {{1, 0.1, NAN, 0.1}};
  EXPECT_EQ(plot_curves(report).find("nan"), std::string::npos);
  report.curve.push_back({2, 0.2, 0.5, 0.1});
  const std::string plot = plot_curves(report);
  EXPECT_NE(plot.find("Learning rate"), std::string::npos);
  EXPECT_EQ(plot.find("nan"), std::string::npos);
  EXPECT_EQ(plot.find("inf"), std::string::npos);
}

TEST(Plot, OnePointIsSeen) {
  Report report;
  report.task = "classify";
  report.curve = {{5, 0.1, 0.5, 0.1}};
  EXPECT_NE(plot_curves(report).find("<circle"), std::string::npos);
  report.curve.push_back({6, 0.1, 0.5, 0.1});
  EXPECT_EQ(plot_curves(report).find("<circle"), std::string::npos);
}

TEST(Plot, SharesEndAtOne) {
  Report report;
  report.task = "classify";
  for (const double first : {1.0, 0.75}) {
    report.evaluations = {{10, first, 0.5}, {20, 1.0, 0.4}};
    const std::string plot = plot_curves(report);
    const size_t at = plot.find("dev accuracy");
    // The highest value touches the top of the frame: nothing above 1 has room.
    EXPECT_NE(plot.find(fmt::format("cy=\"{:.1f}\" r=\"3.5\"><title>step 20: 1<", PlotFrame{}.top), at),
              std::string::npos)
        << plot.substr(at);
  }
}

TEST(Plot, LongCurvesAreThinned) {
  Report report;
  report.task = "classify";
  for (int step = 1; step <= 50000; ++step) report.curve.push_back({step, 0, 1.0 / step, 1e-4});
  EXPECT_LT(plot_curves(report).size(), 100000U);
}

TEST(Plot, CalibrationOfNoRowsIsNothing) {
  EXPECT_EQ(plot_calibration({}), "");
  metrics::CalibrationBins bins{};
  bins[14] = {.rows = 4, .correct = 3, .confidence = 3.9};
  const std::string plot = plot_calibration(bins);
  EXPECT_NE(plot.find("4 rows, 75.0% right, mean probability 0.975"), std::string::npos) << plot;
}

TEST(Plot, ScatterOfConstantScores) {
  EXPECT_EQ(plot_scatter({}), "");
  EXPECT_EQ(plot_scatter({{1, 1}, {1, 1}}).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace attune::report
