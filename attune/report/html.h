// The report as one HTML page that needs nothing else (page.h).
#pragma once
#include <string>

#include "attune/report/report.h"

namespace attune::report {

// Everything that comes from the data is escaped; texts of rows appear only if Report::show_texts.
std::string to_html(const Report& report);

}  // namespace attune::report
