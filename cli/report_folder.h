// The folder that `attune eval --out` leaves: report.txt, report.json and report.html.
#pragma once
#include <filesystem>

#include "attune/report/report.h"

namespace attune::cli {

// Looks, and touches nothing: to be asked before any work is done. Errors (usage): a file; a folder with a model in it
// (its own report tells how it was trained); a folder that is not empty, unless `overwrite`.
void check_report_folder(const std::filesystem::path& out, bool overwrite);

// Makes the folder (mode 0700) where there is none. All three files are written beside their places before the first
// of them takes its own; nothing else in the folder is touched. Errors: io; a folder made in vain is gone again.
void write_report_folder(const report::Report& report, const std::filesystem::path& out);

}  // namespace attune::cli
