#include "attune/study/store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "attune/base/error.h"
#include "attune/track/run_place.h"
#include "attune/track/runs/database.h"
#include "attune/track/runs/process.h"
#include "attune/track/runs/run_store.h"
#include "attune/track/wall_time.h"

namespace attune::study {
namespace {

using track::Statement, track::Transaction;

constexpr auto kHeartbeat = std::chrono::seconds(1);
constexpr double kSilence = 120;  // seconds

constexpr const char* kStudyTables[] = {
    "CREATE TABLE IF NOT EXISTS studies (id INTEGER PRIMARY KEY, folder TEXT NOT NULL UNIQUE, plan TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS study_trials (study INTEGER NOT NULL REFERENCES studies(id) ON DELETE CASCADE, trial "
    "INTEGER NOT NULL, arm TEXT NOT NULL, point TEXT NOT NULL, PRIMARY KEY (study, trial)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS study_runs (id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES studies(id) ON "
    "DELETE CASCADE, purpose TEXT NOT NULL, trial INTEGER NOT NULL, stage INTEGER NOT NULL, share REAL NOT NULL, why "
    "TEXT NOT NULL, state TEXT NOT NULL, process TEXT NOT NULL, began REAL NOT NULL, heard REAL NOT NULL, seconds REAL "
    "NOT NULL DEFAULT 0, value REAL, curve TEXT NOT NULL DEFAULT '[]', facts TEXT NOT NULL DEFAULT 'null', failure "
    "TEXT "
    "NOT NULL DEFAULT '', UNIQUE (study, purpose, trial, stage))",
    "CREATE TABLE IF NOT EXISTS study_sessions (id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES studies(id) "
    "ON DELETE CASCADE, process TEXT NOT NULL, began REAL NOT NULL, heard REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS study_notes (study INTEGER NOT NULL REFERENCES studies(id) ON DELETE CASCADE, name "
    "TEXT "
    "NOT NULL, value TEXT NOT NULL, PRIMARY KEY (study, name)) WITHOUT ROWID",
};

const char* name(Purpose purpose) {
  return purpose == Purpose::search ? "search" : purpose == Purpose::verdict ? "verdict" : "final";
}

template <class Enum>
Enum named(const std::string& text, std::initializer_list<Enum> all) {
  for (const Enum each : all)
    if (text == name(each)) return each;
  fail(ErrorKind::io, "the study's database holds '{}', which this attune does not know: it was written by a newer one",
       text);
}

std::optional<tune::Point> point_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  tune::Point point;
  const nlohmann::json object = nlohmann::json::parse(text);
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) {
      point.values[key] = value.get<std::string>();
    } else {
      point.values[key] = value.get<double>();
    }
  }
  return point;
}

}  // namespace

nlohmann::json curve_to_json(const tune::Curve& curve) {
  nlohmann::json points = nlohmann::json::array();
  for (const tune::CurvePoint& point : curve) points.push_back({point.progress, point.value});
  return points;
}

tune::Curve curve_from_json(const nlohmann::json& points) {
  tune::Curve curve;
  if (points.is_array())
    for (const nlohmann::json& point : points)
      if (point.is_array() && point.size() == 2 && point[0].is_number())
        curve.push_back({point[0].get<double>(), point[1].is_number() ? point[1].get<double>() : std::nan("")});
  return curve;
}

// Says that this process still works, whatever it is at.
class StudyStore::Heartbeat {
 public:
  Heartbeat(const fs::path& database, int64_t study, int64_t session)
      : database_(database, track::Database::Access::write),
        study_(study),
        session_(session),
        thread_([this] { beat_until_stopped(); }) {}
  ~Heartbeat() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void beat_until_stopped() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kHeartbeat, [this] { return stopped_; })) try {
        beat();
      } catch (const Error&) {  // a full disk, a long lock: whoever decides next will say so
      }
  }
  void beat() {
    const double now = track::wall_time();
    Transaction transaction(database_);
    Statement(database_, "UPDATE study_sessions SET heard = ? WHERE id = ?").bind(now).bind(session_).run();
    Statement(database_, "UPDATE study_runs SET heard = ? WHERE study = ? AND state = 'running' AND process = ?")
        .bind(now)
        .bind(study_)
        .bind(track::this_process())
        .run();
    transaction.commit();
  }

  track::Database database_;
  int64_t study_, session_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::thread thread_;
};

StudyStore::StudyStore(std::unique_ptr<track::Database> database, int64_t study)
    : database_(std::move(database)), study_(study) {}
StudyStore::StudyStore(StudyStore&&) noexcept = default;
StudyStore::~StudyStore() = default;

StudyStore StudyStore::open(const fs::path& project, const fs::path& folder, const std::string& plan, bool overwrite,
                            double began) {
  track::RunStore::open(project, /*make_new=*/true);  // the database, with the tables of runs
  auto database = std::make_unique<track::Database>(project / track::kRunsFile, track::Database::Access::write);
  Transaction transaction(*database);
  for (const char* table : kStudyTables) database->run(table);
  const std::string place = fs::weakly_canonical(fs::absolute(folder)).string();
  if (overwrite) {
    for (const char* table : {"study_trials", "study_runs", "study_sessions", "study_notes"}) {
      const std::string sql =
          fmt::format("DELETE FROM {} WHERE study IN (SELECT id FROM studies WHERE folder = ?)", table);
      Statement(*database, sql.c_str()).bind(place).run();
    }
    Statement(*database, "DELETE FROM studies WHERE folder = ?").bind(place).run();
  }
  int64_t id = 0;
  {
    Statement known(*database, "SELECT id, plan FROM studies WHERE folder = ?");
    if (known.bind(place).step()) {
      id = known.integer(0);
      if (known.text(1) != plan)
        fail(ErrorKind::usage,
             "--out {} holds a study with other options or data; give --overwrite to begin anew, or another folder",
             folder.string());
    }
  }
  if (id == 0) {
    Statement(*database, "INSERT INTO studies (folder, plan) VALUES (?, ?)").bind(place).bind(plan).run();
    id = database->last_id();
  }
  StudyStore store(std::move(database), id);
  Statement(*store.database_, "INSERT INTO study_sessions (study, process, began, heard) VALUES (?, ?, ?, ?)")
      .bind(id)
      .bind(track::this_process())
      .bind(began)
      .bind(track::wall_time())
      .run();
  store.session_ = store.database_->last_id();
  transaction.commit();
  store.heartbeat_ = std::make_unique<Heartbeat>(project / track::kRunsFile, id, store.session_);
  return store;
}

// The length of the union of all sessions, this one up to now.
double StudyStore::now_unlocked() {
  std::vector<std::pair<double, double>> sessions;
  Statement rows(*database_, "SELECT id, began, heard FROM study_sessions WHERE study = ?");
  rows.bind(study_);
  while (rows.step())
    sessions.emplace_back(rows.real(1), rows.integer(0) == session_ ? track::wall_time() : rows.real(2));
  std::sort(sessions.begin(), sessions.end());
  double seconds = 0, end = 0;
  for (const auto& [from, to] : sessions) {
    seconds += std::max(0.0, to - std::max(from, end));
    end = std::max(end, to);
  }
  return seconds;
}

void StudyStore::forget_the_gone() {
  std::vector<int64_t> gone;
  {
    Statement running(*database_, "SELECT id, process, heard FROM study_runs WHERE study = ? AND state = 'running'");
    running.bind(study_);
    while (running.step()) {
      const auto runs = track::is_running(running.text(1));
      if (runs ? !*runs : track::wall_time() - running.real(2) > kSilence) gone.push_back(running.integer(0));
    }
  }
  for (const int64_t run : gone) Statement(*database_, "DELETE FROM study_runs WHERE id = ?").bind(run).run();
}

History StudyStore::read() {
  History history{.now = now_unlocked(), .runs = {}, .finalist_stands = !noted(kFinalist).is_null()};
  std::map<int64_t, std::pair<tune::Arm, std::optional<tune::Point>>> trials;
  Statement points(*database_, "SELECT trial, arm, point FROM study_trials WHERE study = ?");
  points.bind(study_);
  while (points.step())
    trials[points.integer(0)] = {named(points.text(1), {tune::Arm::defaults, tune::Arm::random, tune::Arm::sampled}),
                                 point_of(points.text(2))};
  for (const auto& [trial, known] : trials) history.points[trial] = known.second;
  Statement rows(*database_,
                 "SELECT id, purpose, trial, stage, share, why, state, began, seconds, value, curve, facts, failure "
                 "FROM study_runs WHERE study = ? ORDER BY id");
  rows.bind(study_);
  while (rows.step()) {
    const auto& [arm, point] = trials.at(rows.integer(2));
    StudyRun run{
        .id = rows.integer(0),
        .assignment = {.purpose = named(rows.text(1), {Purpose::search, Purpose::verdict, Purpose::final_model}),
                       .trial = rows.integer(2),
                       .stage = static_cast<int>(rows.integer(3)),
                       .share = rows.real(4),
                       .why = named(rows.text(5),
                                    {tune::Why::defaults, tune::Why::fresh, tune::Why::promotion, tune::Why::closing}),
                       .arm = arm,
                       .point = point},
        .state = named(rows.text(6), {tune::RunState::running, tune::RunState::finished, tune::RunState::failed,
                                      tune::RunState::stopped}),
        .began = rows.real(7),
        .seconds = rows.real(8),
        .curve = curve_from_json(nlohmann::json::parse(rows.text(10), nullptr, false)),
        .facts = nlohmann::json::parse(rows.text(11), nullptr, false),
        .failure = rows.text(12)};
    if (!rows.is_null(9)) run.value = rows.real(9);
    history.runs.push_back(std::move(run));
  }
  return history;
}

std::optional<StudyRun> StudyStore::claim(const std::function<std::optional<Assignment>(const History&)>& decide) {
  Transaction transaction(*database_);
  forget_the_gone();
  const History history = read();
  const auto wanted = decide(history);
  if (!wanted) {
    transaction.commit();
    return std::nullopt;
  }
  const Assignment& a = *wanted;
  Statement(*database_, "INSERT OR REPLACE INTO study_trials (study, trial, arm, point) VALUES (?, ?, ?, ?)")
      .bind(study_)
      .bind(a.trial)
      .bind(name(a.arm))
      .bind(a.point ? tune::to_json(*a.point).dump() : "")
      .run();
  Statement insert(*database_,
                   "INSERT INTO study_runs (study, purpose, trial, stage, share, why, state, process, began, heard) "
                   "VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)");
  insert.bind(study_).bind(name(a.purpose)).bind(a.trial).bind(static_cast<int64_t>(a.stage)).bind(a.share);
  insert.bind(name(a.why)).bind(track::this_process()).bind(history.now).bind(track::wall_time()).run();
  StudyRun run{.id = database_->last_id(), .assignment = a, .began = history.now};
  transaction.commit();
  return run;
}

History StudyStore::history() {
  Transaction transaction(*database_);
  forget_the_gone();
  History history = read();
  transaction.commit();
  return history;
}

double StudyStore::now() {
  return now_unlocked();
}

void StudyStore::put_curve(int64_t run, const tune::Curve& curve) {
  Statement(*database_, "UPDATE study_runs SET curve = ? WHERE id = ?")
      .bind(curve_to_json(curve).dump())
      .bind(run)
      .run();
}

void StudyStore::end(const StudyRun& run) {
  Transaction transaction(*database_);
  Statement update(
      *database_,
      "UPDATE study_runs SET state = ?, seconds = ?, curve = ?, facts = ?, failure = ?, heard = ? WHERE id "
      "= ?");
  update.bind(name(run.state)).bind(run.seconds).bind(curve_to_json(run.curve).dump()).bind(run.facts.dump());
  update.bind(run.failure).bind(track::wall_time()).bind(run.id).run();
  if (run.value)
    Statement(*database_, "UPDATE study_runs SET value = ? WHERE id = ?").bind(*run.value).bind(run.id).run();
  Statement(*database_, "UPDATE study_sessions SET heard = ? WHERE id = ?")
      .bind(track::wall_time())
      .bind(session_)
      .run();
  transaction.commit();
}

void StudyStore::release(int64_t run) {
  Statement(*database_, "DELETE FROM study_runs WHERE id = ?").bind(run).run();
}

void StudyStore::forget_late_runs() {
  Statement(*database_, "DELETE FROM study_runs WHERE study = ? AND state = 'stopped' AND failure = ?")
      .bind(study_)
      .bind(kTimeOver)
      .run();
}

nlohmann::json StudyStore::noted(const std::string& name) {
  Statement known(*database_, "SELECT value FROM study_notes WHERE study = ? AND name = ?");
  return known.bind(study_).bind(name).step() ? nlohmann::json::parse(known.text(0)) : nlohmann::json();
}

void StudyStore::note(const std::string& name, const nlohmann::json& value) {
  Statement(*database_, "INSERT OR REPLACE INTO study_notes (study, name, value) VALUES (?, ?, ?)")
      .bind(study_)
      .bind(name)
      .bind(value.dump())
      .run();
}

nlohmann::json StudyStore::once(const std::string& name, const std::function<nlohmann::json(const History&)>& decide) {
  Transaction transaction(*database_);
  nlohmann::json value = noted(name);
  if (value.is_null()) {
    forget_the_gone();
    value = decide(read());
    if (!value.is_null()) note(name, value);
  }
  transaction.commit();
  return value;
}

void StudyStore::forget(const std::string& name) {
  Statement(*database_, "DELETE FROM study_notes WHERE study = ? AND name = ?").bind(study_).bind(name).run();
}

}  // namespace attune::study
