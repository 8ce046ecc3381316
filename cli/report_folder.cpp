#include "cli/report_folder.h"

#include <algorithm>
#include <list>
#include <sys/stat.h>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/report/html.h"
#include "attune/report/json.h"
#include "attune/report/text.h"

namespace attune::cli {
namespace {

bool is_report_file(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return name == "report.txt" || name == "report.json" || name == "report.html";
}

void make_folder(const fs::path& out) {
  std::error_code error;
  fs::create_directories(out, error);
  if (error)
    fail(ErrorKind::io, "--out {}: cannot make the folder: {}; is its parent there, and may it be written to?",
         out.string(), error.message());
  ::chmod(out.c_str(), 0700);
}

void write_files(const report::Report& report, const fs::path& out) {
  std::list<AtomicFile> files;
  const auto write = [&](const char* name, const std::string& content) {
    files.emplace_back(out / name).write(content);
  };
  write("report.txt", report::to_text(report));
  write("report.json", report::json_text(report));
  write("report.html", report::to_html(report));
  for (AtomicFile& file : files) file.commit();
}

}  // namespace

void check_report_folder(const fs::path& out, bool overwrite) {
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out)) fail(ErrorKind::usage, "--out {} is a file; name a folder", out.string());
  if (fs::exists(out / "attune.json") || fs::exists(out / "config.json"))
    fail(ErrorKind::usage, "--out {}: a model stands there, and its own report would be replaced; name another folder",
         out.string());
  if (overwrite || fs::is_empty(out)) return;
  const fs::directory_iterator entries(out);
  if (std::all_of(begin(entries), end(entries), is_report_file))
    fail(ErrorKind::usage,
         "--out {} holds the reports of an earlier `attune eval`; give --overwrite to replace them, "
         "or name another folder",
         out.string());
  fail(ErrorKind::usage,
       "--out {} is not empty and was not made by `attune eval`; name another folder, or give --overwrite to put "
       "report.txt, report.json and report.html beside what is there",
       out.string());
}

void write_report_folder(const report::Report& report, const fs::path& out) {
  const bool is_new = !fs::exists(out);
  if (is_new) make_folder(out);
  try {
    write_files(report, out);
  } catch (...) {
    std::error_code ignored;
    if (is_new) fs::remove(out, ignored);  // only if it is empty
    throw;
  }
}

}  // namespace attune::cli
