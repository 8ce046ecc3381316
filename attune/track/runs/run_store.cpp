#include "attune/track/runs/run_store.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/track/run_place.h"
#include "attune/track/runs/database.h"
#include "attune/track/runs/process.h"
#include "attune/track/wall_time.h"

namespace attune::track {
namespace {

using nlohmann::json;

constexpr int64_t kFormat = 1, kApplication = 0x6174746E;  // "attn"
constexpr double kSilence = 3600;                          // seconds

constexpr const char* kTables = R"(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, out TEXT NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL DEFAULT '',
  process TEXT NOT NULL, version TEXT NOT NULL, task TEXT NOT NULL, options TEXT NOT NULL, identity TEXT NOT NULL,
  headline TEXT NOT NULL, started REAL NOT NULL, heard REAL NOT NULL, ended REAL NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0, steps INTEGER NOT NULL, step INTEGER NOT NULL DEFAULT 0);
CREATE TABLE points (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, name TEXT NOT NULL, step INTEGER NOT NULL,
  value REAL NOT NULL, PRIMARY KEY (run, name, step)) WITHOUT ROWID;
CREATE TABLE finals (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL,
  PRIMARY KEY (run, name)) WITHOUT ROWID;
)";

// Made by whoever comes first; the others find it.
void prepare(Database& database) {
  Transaction transaction(database);
  if (database.number("PRAGMA user_version") == 0 && database.number("SELECT count(*) FROM sqlite_master") == 0) {
    database.run(kTables);
    database.run(fmt::format("PRAGMA user_version = {}", kFormat).c_str());
    database.run(fmt::format("PRAGMA application_id = {}", kApplication).c_str());
  }
  transaction.commit();
}

void check_format(Database& database) {
  if (database.number("PRAGMA application_id") != kApplication)
    fail(ErrorKind::io, "{}: a database, but not one of attune's runs; name another --project",
         database.path().string());
  if (const int64_t format = database.number("PRAGMA user_version"); format > kFormat)
    fail(ErrorKind::io, "{}: written by a newer attune (format {}, this one knows {}); use that one",
         database.path().string(), format, kFormat);
}

std::string state_of(const std::string& told, const std::string& process, double heard) {
  if (told != "running") return told;
  if (const auto runs = is_running(process)) return *runs ? "running" : "interrupted";
  return wall_time() - heard > kSilence ? "interrupted" : "running";
}

StoredRun run_of(const Statement& row) {
  StoredRun run;
  run.id = row.integer(0), run.name = row.text(1), run.out = row.text(2), run.error = row.text(4);
  run.version = row.text(6), run.task = row.text(7);
  run.options = json::parse(row.text(8), nullptr, false), run.identity = json::parse(row.text(9), nullptr, false);
  const json headline = json::parse(row.text(10), nullptr, false);
  if (headline.is_array())
    for (const json& name : headline)
      if (name.is_string()) run.headline.push_back(name.get<std::string>());
  run.started = row.real(11), run.heard = row.real(12), run.ended = row.real(13), run.seconds = row.real(14);
  run.steps = row.integer(15), run.step = row.integer(16);
  run.state = state_of(row.text(3), row.text(5), run.heard);
  return run;
}

}  // namespace

RunStore::RunStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore::~RunStore() = default;

const fs::path& RunStore::file() const {
  return database_->path();
}

RunStore RunStore::open(const fs::path& project, bool make_new) {
  const fs::path path = project / kRunsFile;
  std::error_code none;
  if (make_new)
    check_writable(project);
  else if (!fs::exists(path, none))
    fail(ErrorKind::usage, "--project {}: no run has been kept there ({} is missing){}; attune train --project {} does",
         project.string(), kRunsFile, fs::exists(project, none) ? "" : did_you_mean_beside(project), project.string());
  auto database = std::make_unique<Database>(path, make_new ? Database::Access::write : Database::Access::read);
  if (make_new) prepare(*database);
  check_format(*database);
  return RunStore(std::move(database));
}

int64_t RunStore::add(const RunStart& start) {
  Statement insert(*database_,
                   "INSERT INTO runs (name, out, state, process, version, task, options, identity, headline, started, "
                   "heard, steps) VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(start.name).bind(start.out.string()).bind(this_process()).bind(start.version).bind(start.task);
  insert.bind(start.options.dump()).bind(start.identity.dump()).bind(json(start.headline).dump());
  insert.bind(wall_time()).bind(wall_time()).bind(start.steps).run();
  return database_->last_id();
}

bool RunStore::go_on(int64_t run, const RunStart& start) {
  Transaction transaction(*database_);
  Statement known(*database_, "SELECT 1 FROM runs WHERE id = ? AND out = ?");
  if (!known.bind(run).bind(start.out.string()).step()) return false;
  Statement cut(*database_, "DELETE FROM points WHERE run = ? AND step > ?");
  cut.bind(run).bind(start.after_step).run();
  Statement forget(*database_, "DELETE FROM finals WHERE run = ?");
  forget.bind(run).run();
  Statement update(*database_,
                   "UPDATE runs SET state = 'running', error = '', process = ?, version = ?, options = ?, heard = ?, "
                   "ended = 0, step = ? WHERE id = ?");
  update.bind(this_process()).bind(start.version).bind(start.options.dump()).bind(wall_time());
  update.bind(start.after_step).bind(run).run();
  transaction.commit();
  return true;
}

void RunStore::put(int64_t run, int64_t step, std::span<const Scalar> scalars) {
  Transaction transaction(*database_);
  Statement insert(*database_, "INSERT OR REPLACE INTO points (run, name, step, value) VALUES (?, ?, ?, ?)");
  for (const Scalar& scalar : scalars) insert.bind(run).bind(scalar.name).bind(step).bind(scalar.value).run();
  Statement heard(*database_, "UPDATE runs SET heard = ?, step = max(step, ?) WHERE id = ?");
  heard.bind(wall_time()).bind(step).bind(run).run();
  transaction.commit();
}

void RunStore::sync(int64_t run) {
  database_->run("PRAGMA synchronous = FULL");  // this commit, and with it all before, reaches the disk
  Statement heard(*database_, "UPDATE runs SET heard = ? WHERE id = ?");
  heard.bind(wall_time()).bind(run).run();
  database_->run("PRAGMA synchronous = NORMAL");
}

void RunStore::end(int64_t run, const RunEnd& end) {
  Transaction transaction(*database_);
  Statement insert(*database_, "INSERT OR REPLACE INTO finals (run, name, value) VALUES (?, ?, ?)");
  for (const Scalar& scalar : end.finals) insert.bind(run).bind(scalar.name).bind(scalar.value).run();
  Statement update(*database_,
                   "UPDATE runs SET state = ?, error = ?, heard = ?, ended = ?, seconds = max(seconds, ?), step = "
                   "max(step, ?) WHERE id = ?");
  update.bind(name(end.state))
      .bind(end.error)
      .bind(wall_time())
      .bind(wall_time())
      .bind(end.seconds)
      .bind(end.step)
      .bind(run)
      .run();
  transaction.commit();
}

std::vector<StoredRun> RunStore::runs() const {
  std::vector<StoredRun> runs;
  Statement rows(*database_,
                 "SELECT id, name, out, state, error, process, version, task, options, identity, headline, started, "
                 "heard, ended, seconds, steps, step FROM runs ORDER BY id");
  while (rows.step()) runs.push_back(run_of(rows));
  Statement finals(*database_, "SELECT name, value FROM finals WHERE run = ?");
  for (StoredRun& run : runs) {
    finals.bind(run.id);
    while (finals.step()) run.finals[finals.text(0)] = finals.real(1);
  }
  return runs;
}

StoredRun RunStore::find(const std::string& wanted) const {
  std::vector<StoredRun> all = runs(), found;
  std::vector<std::string> names;
  for (const StoredRun& run : all) {
    names.push_back(run.name);
    if (std::to_string(run.id) == wanted) return run;
    if (run.name == wanted) found.push_back(run);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    fail(ErrorKind::usage, "no run '{}' in {}{}; `attune runs list` shows all", wanted, file().string(),
         did_you_mean(wanted, names));
  }
  std::vector<int64_t> numbers;
  for (const StoredRun& run : found) numbers.push_back(run.id);
  fail(ErrorKind::usage, "{} runs are called '{}'; say which by its number: {}", found.size(), wanted,
       fmt::join(numbers, ", "));
}

std::map<std::string, Curve> RunStore::curves(int64_t run) const {
  std::map<std::string, Curve> curves;
  Statement rows(*database_, "SELECT name, step, value FROM points WHERE run = ? ORDER BY name, step");
  rows.bind(run);
  while (rows.step()) {
    Curve& curve = curves[rows.text(0)];
    curve.steps.push_back(static_cast<double>(rows.integer(1)));
    curve.values.push_back(rows.real(2));
  }
  return curves;
}

}  // namespace attune::track
