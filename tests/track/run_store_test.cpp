#include "attune/track/runs/run_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attune/track/runs/database.h"
#include "attune/track/runs/process.h"
#include "attune/track/runs/project.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::track {
namespace {

RunStart called(const std::string& name, int64_t after_step = 0) {
  return {.name = name,
          .out = "/runs/" + name,
          .version = "0.1.0",
          .task = "classify",
          .options = {{"lr", 1e-4}},
          .hyperparameters = {},
          .identity = {{"data_sha256", {{"a.csv", "abc"}}}},
          .headline = {"test/accuracy", "dev/accuracy"},
          .steps = 10,
          .after_step = after_step,
          .remembered = {}};
}

void put_steps(RunStore& store, int64_t run, int64_t first, int64_t last) {
  for (int64_t step = first; step <= last; ++step) {
    const Scalar scalar{"train/loss", 1.0 / static_cast<double>(step)};
    store.put(run, step, std::span(&scalar, 1));
  }
}

// Runs `body` in a process of its own, which ends as kill -9 would end it.
int in_a_killed_process(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WTERMSIG(status);
}

TEST(RunStore, KeepsWhatItIsTold) {
  const test::TempFolder folder;
  RunStore store = RunStore::open(folder.path(), true);
  const int64_t run = store.add(called("spam"));
  put_steps(store, run, 1, 4);
  EXPECT_EQ(store.find("spam").state, "running");
  store.end(run,
            {.state = EndState::finished, .error = {}, .step = 4, .seconds = 2.5, .finals = {{"dev/accuracy", 0.75}}});
  const RunStore reader = RunStore::open(folder.path(), false);
  const StoredRun found = reader.find(std::to_string(run));
  EXPECT_EQ(found.state, "finished");
  EXPECT_EQ(found.step, 4);
  EXPECT_EQ(found.seconds, 2.5);
  EXPECT_EQ(found.finals, (std::map<std::string, double>{{"dev/accuracy", 0.75}}));
  EXPECT_EQ(found.options["lr"], 1e-4);
  EXPECT_EQ(found.identity["data_sha256"]["a.csv"], "abc");
  EXPECT_GT(found.started, 1.7e9);
  const auto curves = reader.curves(run);
  ASSERT_EQ(curves.size(), 1u);
  EXPECT_EQ(curves.at("train/loss").steps, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(curves.at("train/loss").values, (std::vector<double>{1, 0.5, 1.0 / 3, 0.25}));
}

TEST(RunStore, ARunWhoseProcessWasKilledIsInterrupted) {
  const test::TempFolder folder;
  ASSERT_EQ(in_a_killed_process([&] {
              RunStore store = RunStore::open(folder.path(), true);
              put_steps(store, store.add(called("killed")), 1, 3);
            }),
            SIGKILL);
  const RunStore reader = RunStore::open(folder.path(), false);
  EXPECT_EQ(reader.find("killed").state, "interrupted");
  EXPECT_EQ(reader.curves(1).at("train/loss").steps.size(), 3u);  // nothing that was told is lost
}

TEST(RunStore, WriterAtWorkIsLeftAloneAndATornWriteIsTakenBack) {
  const test::TempFolder folder;
  ASSERT_EQ(in_a_killed_process([&] {
              RunStore store = RunStore::open(folder.path(), true);
              const int64_t run = store.add(called("torn"));
              put_steps(store, run, 1, 1);
              Database other(store.file(), Database::Access::write);
              other.run("BEGIN IMMEDIATE");
              other.run("INSERT INTO points VALUES (1, 'train/loss', 2, 0.5)");
            }),
            SIGKILL);
  RunStore store = RunStore::open(folder.path(), true);
  EXPECT_EQ(store.curves(1).at("train/loss").steps, (std::vector<double>{1}));
  put_steps(store, 1, 2, 2);  // and the lock went with the process
}

// Each of `count` processes runs `body`, all let loose at once; how many of them failed.
int failures_of_processes(int count, const std::function<void(int)>& body) {
  int gate[2];
  EXPECT_EQ(::pipe(gate), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(gate[1]);
      char none = 0;
      static_cast<void>(!::read(gate[0], &none, 1));
      try {
        body(i);
        ::_exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  ::close(gate[0]), ::close(gate[1]);
  int failed = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    failed += status != 0;
  }
  return failed;
}

TEST(RunStore, ManyProcessesWriteAtOnce) {
  const test::TempFolder folder;
  constexpr int kWriters = 4, kSteps = 40;
  const int failed = failures_of_processes(kWriters, [&](int w) {
    RunStore store = RunStore::open(folder.path(), true);
    const int64_t run = store.add(called("run" + std::to_string(w)));
    put_steps(store, run, 1, kSteps);
    store.sync(run);
    store.end(run, {.state = EndState::finished, .error = {}, .step = kSteps, .seconds = 1, .finals = {}});
  });
  EXPECT_EQ(failed, 0);
  const RunStore reader = RunStore::open(folder.path(), false);
  const auto runs = reader.runs();
  ASSERT_EQ(runs.size(), static_cast<size_t>(kWriters));
  for (const StoredRun& run : runs) {
    EXPECT_EQ(run.state, "finished");
    EXPECT_EQ(reader.curves(run.id).at("train/loss").steps.size(), static_cast<size_t>(kSteps));
  }
}

// A new file becomes a write-ahead log under the eyes of the others, and is closed and opened again while they come.
TEST(RunStore, ManyProcessesOpenANewDatabaseAtOnce) {
  for (int round = 0; round < 40; ++round) {
    const test::TempFolder folder;
    const int failed = failures_of_processes(4, [&](int w) {
      for (int again = 0; again < 3; ++again)
        RunStore::open(folder.path(), true).add(called(std::to_string(w) + "-" + std::to_string(again)));
    });
    ASSERT_EQ(failed, 0) << "round " << round;
    ASSERT_EQ(RunStore::open(folder.path(), false).runs().size(), 12u);
  }
}

TEST(RunStore, GoesOnBehindItsCheckpoint) {
  const test::TempFolder folder;
  nlohmann::json memory;
  ASSERT_EQ(in_a_killed_process([&] {
              Project project(folder.path());
              project.begin(called("cut"));
              for (int64_t step = 1; step <= 5; ++step) {
                const Scalar scalar{"train/loss", 9};
                project.scalars(step, std::span(&scalar, 1));
              }
              folder.put("memory.json", project.remember().dump());
            }),
            SIGKILL);
  RunStart start = called("cut", 3);
  start.remembered = nlohmann::json::parse(test::slurp(folder / "memory.json"));
  Project project(folder.path());
  project.begin(start);
  const RunStore reader = RunStore::open(folder.path(), false);
  ASSERT_EQ(reader.runs().size(), 1u);
  EXPECT_EQ(reader.runs()[0].state, "running");
  EXPECT_EQ(reader.runs()[0].step, 3);
  EXPECT_EQ(reader.curves(1).at("train/loss").steps, (std::vector<double>{1, 2, 3}));
}

TEST(RunStore, ARemovedDatabaseBeginsANewRunOnResume) {
  const test::TempFolder folder;
  RunStart start = called("gone", 3);
  start.remembered = {{"file", (folder / kRunsFile).string()}, {"run", 12}};
  Project(folder.path()).begin(start);
  EXPECT_EQ(RunStore::open(folder.path(), false).runs().at(0).name, "gone");
}

TEST(RunStore, NamesTheNearestOfAnUnknownRun) {
  const test::TempFolder folder;
  RunStore store = RunStore::open(folder.path(), true);
  store.add(called("banking")), store.add(called("spam")), store.add(called("spam"));
  EXPECT_ERROR(ErrorKind::usage, store.find("bankin"), "no run 'bankin'", "did you mean 'banking'?",
               "attune runs list");
  EXPECT_ERROR(ErrorKind::usage, store.find("spam"), "2 runs are called 'spam'", "2, 3");
  EXPECT_ERROR(ErrorKind::usage, store.find("17"), "no run '17'");
}

TEST(RunStore, BrokenFilesAreSaid) {
  const test::TempFolder folder;
  EXPECT_ERROR(ErrorKind::usage, RunStore::open(folder / "empty", false), "no run has been kept there", "--project");
  folder.put("text/attune-runs.sqlite", "this is no database, however long it may be, and it never was one at all");
  for (const bool make_new : {false, true})
    EXPECT_ERROR(ErrorKind::io, RunStore::open(folder / "text", make_new), "attune-runs.sqlite",
                 "damaged, or no database at all", "move the file");
  {
    fs::create_directories(folder / "other");
    Database other(folder / "other/attune-runs.sqlite", Database::Access::write);
    other.run("CREATE TABLE notes (text)");
  }
  EXPECT_ERROR(ErrorKind::io, RunStore::open(folder / "other", true), "not one of attune's runs");
  RunStore::open(folder / "newer", true);
  {
    Database newer(folder / "newer/attune-runs.sqlite", Database::Access::write);
    newer.run("PRAGMA user_version = 2");
  }
  EXPECT_ERROR(ErrorKind::io, RunStore::open(folder / "newer", true), "newer attune");
}

TEST(RunStore, DamageInTheMiddleIsSaid) {
  const test::TempFolder folder;
  {
    RunStore store = RunStore::open(folder.path(), true);
    const int64_t run = store.add(called("spam"));
    put_steps(store, run, 1, 500);
  }
  const fs::path file = folder / kRunsFile;
  std::string bytes = test::slurp(file);
  ASSERT_GT(bytes.size(), 12000u);
  for (size_t at = 4096; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 37);
  folder.put(kRunsFile, bytes);
  const auto read = [&] {
    const RunStore store = RunStore::open(folder.path(), false);
    store.runs();
    store.curves(1);
  };
  EXPECT_ERROR(ErrorKind::io, read(), "damaged");
}

TEST(Process, IsToldFromOthers) {
  const std::string self = this_process();
  ASSERT_FALSE(self.empty());
  EXPECT_EQ(is_running(self), true);
  const size_t last = self.rfind(' ');
  EXPECT_EQ(is_running(self.substr(0, last) + " 12345678"), false);  // the number, used again
  EXPECT_EQ(is_running("another-boot" + self.substr(self.find(' '))), std::nullopt);
  EXPECT_EQ(is_running(""), std::nullopt);
}

}  // namespace
}  // namespace attune::track
