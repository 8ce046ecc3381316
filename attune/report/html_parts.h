// Pieces of the HTML page (internal to this room). Each function returns markup, or "" where the report has nothing
// to show.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "attune/report/page.h"
#include "attune/report/report.h"

namespace attune::report {

extern const char* const kPageStyle;
extern const char* const kPageScript;

// html_tables.cpp
std::string html_headline(const Report& report);
std::string html_ladder(const Report& report);
std::string html_metrics(const Report& report);
std::string html_truncation(const Report& report);
std::string html_mistakes(const Report& report);
std::string html_run(const Report& report);
std::string html_data(const Report& report);

// html_routing.cpp
std::string html_routing(const Report& report);

// html_classes.cpp: per-class, per-label, entity and word tables; most confused pairs
std::string html_classes(const Report& report, const Split& split);
std::string html_confused_pairs(const Report& report, const std::vector<metrics::ConfusionCell>& cells);

// plot_*.cpp: SVG
std::string plot_confusion(const std::vector<metrics::ConfusionCell>& cells, const std::vector<std::string>& labels);
std::string plot_calibration(const metrics::CalibrationBins& bins);
std::string plot_curves(const Report& report);
std::string plot_scatter(const std::vector<metrics::ScoreRecord>& predictions);

}  // namespace attune::report
