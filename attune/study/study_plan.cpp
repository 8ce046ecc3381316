#include "attune/study/study_plan.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/selection/measure/clusters.h"
#include "attune/train/parts.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_sources.h"

namespace attune::study {
namespace {

using nlohmann::json;

// plan.json goes last: it says whose the folder is.
constexpr const char* kEntries[] = {"study.json", "report.html", "report.txt", "train.json", "jobs",
                                    "runs",       "parts",       "labels.txt", "plan.json"};
// Options that may change from one call to the next: how long, how many, and what is made of the runs.
constexpr const char* kFree[] = {"budget", "trials", "seeds", "worth", "level", "strict", "draws"};

constexpr uint64_t kVerdictStream = 0x76657264696374;  // "verdict"

constexpr const char *kSearchParts = "parts/search.txt", *kFullParts = "parts/search-full.txt",
                     *kVerdictParts = "parts/verdict.txt";

const char* parts_file(const Assignment& a) {
  if (answers_all_rows(a)) return kFullParts;
  return a.purpose == Purpose::search ? kSearchParts : kVerdictParts;
}

// The search's rows, and those that judge the verdict to be answered as well.
std::string with_verdict_rows(const std::vector<selection::Division>& divisions) {
  std::string of_row = divisions.at(0).of_row;
  for (size_t row = 0; row < of_row.size(); ++row)
    if (divisions.at(1).of_row[row] == 'e') of_row[row] = 'e';
  return of_row;
}

// How often a run is looked on at, so that a hopeless one may be ended: its thirds, or the half of a short one. The
// shortest are over before there is anything to see.
int64_t looks_of(const train::TrainOptions& t, const RowCounts& rows, double share) {
  if (share < 0.2) return 0;
  const double steps = t.max_steps > 0
                           ? static_cast<double>(t.max_steps)
                           : std::ceil(static_cast<double>(rows.learns) / static_cast<double>(t.batch_size)) * t.epochs;
  return std::max<int64_t>(1, std::llround(std::ceil(steps / (share < 1 ? 2 : 3))));
}

}  // namespace

std::string StudyPlan::text() const {
  StudyOptions copy = options;
  OptionList list;
  copy.visit(list);
  json told = list.to_json(/*affecting_result_only=*/true);
  for (const char* name : kFree) told.erase(name);
  json dimensions = json::object();
  for (const tune::Dimension& dimension : space.space.dimensions())
    dimensions[dimension.name] = tune::domain_text(dimension);
  return json{{"metric", metric},
              {"space", dimensions},
              {"defaults", space.defaults},
              {"labels", labels},
              {"files", files},
              {"fingerprint", fingerprint},
              {"pool_rows", pool_rows},
              {"search", search.to_json()},
              {"verdict", verdict.to_json()},
              {"options", std::move(told)}}
             .dump(2) +
         "\n";
}

std::vector<selection::Division> divide_rows(const selection::Pool& pool, const StudyOptions& options,
                                             const tasks::Task& task) {
  const selection::Clusters clusters = selection::find_clusters(pool.rows.examples);
  auto divisions =
      selection::divide(pool.rows, task.data, clusters,
                        {.dev_from = pool.dev_from, .blocks = 1, .in_time = pool.in_time, .seed = options.train.seed});
  selection::Division& search = divisions.at(0);
  const selection::Division& verdict = divisions.at(1);
  std::set<int32_t> judging;  // clusters: near copies of what judges the verdict teach the search nothing either
  for (size_t row = 0; row < verdict.of_row.size(); ++row)
    if (verdict.of_row[row] == 'e') judging.insert(clusters.of_row[row]);
  for (size_t row = 0; row < search.of_row.size(); ++row) {
    if (!judging.contains(clusters.of_row[row]) || search.of_row[row] == '-') continue;
    --(search.of_row[row] == 't' ? search.learns : search.of_row[row] == 'd' ? search.inner : search.judges);
    search.of_row[row] = '-';
  }
  if (search.learns == 0 || search.inner == 0 || search.judges == 0)
    fail(ErrorKind::input, "{} rows are too few to search with: none is left to learn from once the others judge",
         pool.rows.examples.size());
  return divisions;
}

StudyPlan plan_of(const StudyOptions& options, const std::string& metric, const selection::Pool& pool,
                  const std::vector<selection::Division>& divisions) {
  const auto counts = [](const selection::Division& d) {
    return RowCounts{.learns = d.learns, .looked_on = d.inner, .judges = d.judges};
  };
  std::vector<bool> judges_search;
  const std::string full = with_verdict_rows(divisions);
  for (size_t row = 0; row < full.size(); ++row)
    if (full[row] == 'e') judges_search.push_back(divisions.at(0).of_row[row] == 'e');
  return {.options = options,
          .metric = metric,
          .space = make_space(options, pool.bundle),
          .labels = pool.bundle.labels.names(),
          .files = pool.files,
          .fingerprint = train::sources_hash(options.train),
          .pool_rows = std::ssize(pool.rows.examples),
          .search = counts(divisions.at(0)),
          .verdict = counts(divisions.at(1)),
          .judges_search = std::move(judges_search)};
}

void check_study_folder(const StudyPlan& plan) {
  const fs::path out = plan.folder();
  if (!fs::exists(out)) return;
  if (!fs::is_directory(out)) fail(ErrorKind::usage, "--out {} is a file; name a folder", out.string());
  if (fs::is_empty(out)) return;
  // Another process may be about to write the plan.
  const bool just_begun = std::all_of(fs::directory_iterator(out), fs::directory_iterator(), [](const auto& entry) {
    const std::string name = entry.path().filename().string();
    return name.starts_with("attune-runs.sqlite") || name.starts_with("plan.json");
  });
  if (!fs::exists(out / "plan.json") && !just_begun)
    fail(ErrorKind::usage, "--out {} is not empty and was not made by `attune tune`; name another folder",
         out.string());
  if (plan.options.train.overwrite)
    for (const char* name : kEntries) fs::remove_all(out / name);
}

void write_plan(const StudyPlan& plan, const std::vector<selection::Division>& divisions) {
  const fs::path out = plan.folder();
  const std::string text = plan.text();
  const bool known = fs::exists(out / "plan.json");
  if (known && read_file(out / "plan.json") != text)
    fail(ErrorKind::usage,
         "--out {} holds a study with other options or data; give --overwrite to begin anew, or another folder",
         out.string());
  fs::create_directories(out);
  if (!known) write_file_atomically(out / "plan.json", text);
  fs::create_directories(out / "parts"), fs::create_directories(out / "jobs"), fs::create_directories(out / "runs");
  const auto put = [&](const char* name, const std::string& content) {
    if (!fs::exists(out / name)) write_file_atomically(out / name, content);
  };
  std::string lines;
  for (const std::string& label : plan.labels) lines += label + "\n";
  if (!lines.empty()) put("labels.txt", lines);
  put(kSearchParts, train::parts_text(divisions.at(0).of_row));
  put(kFullParts, train::parts_text(with_verdict_rows(divisions)));
  put(kVerdictParts, train::parts_text(divisions.at(1).of_row));
}

std::string run_name(const Assignment& a) {
  return a.purpose == Purpose::search ? fmt::format("trial-{:03}-rung-{}", a.trial, a.stage)
                                      : fmt::format("verdict-{}-trial-{:03}", a.stage, a.trial);
}

train::TrainOptions options_of(const StudyPlan& plan, const Assignment& a) {
  train::TrainOptions t = options_at(plan.options, plan.space.space, a.point ? &*a.point : nullptr);
  const fs::path out = plan.folder();
  t.train = plan.files;
  t.dev.clear(), t.test.clear();
  t.parts = (out / parts_file(a)).string();
  if (!plan.labels.empty()) t.labels = (out / "labels.txt").string();
  t.epochs *= a.share;
  if (t.max_steps > 0) t.max_steps = std::max<int64_t>(1, std::llround(static_cast<double>(t.max_steps) * a.share));
  if (a.purpose == Purpose::search) {
    t.eval_every = looks_of(t, plan.search, a.share);
  } else {
    t.seed = mix_key(mix_key(t.seed, kVerdictStream), static_cast<uint64_t>(a.stage)) >> 11;  // exact as a JSON number
  }
  t.out = (out / "runs" / run_name(a)).string();
  if (t.project.empty()) t.project = out.string();
  t.predictions = true, t.save_model = false;
  t.ladder = false, t.bootstrap = 0;
  t.resume = t.overwrite = t.json = false;
  return t;
}

}  // namespace attune::study
