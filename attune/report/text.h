// The report as a person reads it in a terminal.
#pragma once
#include <string>

#include "attune/report/report.h"

namespace attune::report {

struct TextOptions {
  int width = 100;      // columns; at least 60
  bool colour = false;  // for a terminal only
};

// Headline, ladder, metrics, classes (the worst 10 and best 3 where there are many), confusions, entities and the
// word table for tagging, routing, truncation and mistakes: each only where the report has it. Data is shown with
// control characters replaced.
std::string to_text(const Report& report, const TextOptions& options = {});

// The article's table form for word labels: a row a label, then accuracy, macro and weighted averages. `names`: label
// names; `digits` after the point. Used for entities as well (`accuracy` NaN: that line is left out and micro shown).
std::string score_table(const metrics::ClassTable& table, const std::vector<std::string>& names, double accuracy,
                        int digits = 3);

}  // namespace attune::report
