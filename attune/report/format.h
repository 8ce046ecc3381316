// Numbers as people read them, the same in the terminal and on the page.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "attune/metrics/score.h"

namespace attune::report {

std::string count(int64_t number);                          // "12,345"
std::string percent(double share, int digits);              // "91.5%"; "-" for NaN
std::string fixed(double value, int digits);                // "0.915"; "-" for NaN
std::string seconds(double value);                          // "0.42 s", "12.3 s", "2 min 5 s"; "-" for NaN
std::string plural(int64_t number, std::string_view noun);  // "1 row", "1,234 rows"

// Whether a metric is a share of something and so reads best in percent (accuracy, F1, precision ...), unlike
// losses, errors and correlations.
bool is_share(std::string_view metric);
// "91.49%" for shares, "0.4312" for the rest; "undefined" for NaN.
std::string metric_value(std::string_view metric, double value);
// "90.9% to 92.0%", "0.41 to 0.45"; "" where there is none.
std::string metric_interval(std::string_view metric, const metrics::Interval& interval);
// "macro F1" for "macro_f1", "entity F1 (strict)" for "entity_f1_strict".
std::string metric_title(std::string_view metric);

// A wide number for plots: up to `digits` significant digits without trailing zeros ("0.5", "2e-04", "1200").
std::string compact(double value, int digits = 3);

}  // namespace attune::report
