#include "attune/study/store.h"

#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "attune/base/error.h"
#include "attune/track/runs/database.h"
#include "attune/track/runs/run_store.h"
#include "attune/track/wall_time.h"

namespace attune::study {
namespace {

class Store : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("attune-study-" + std::to_string(::getpid()) + "-" +
                                           testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_), fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  StudyStore open(const std::string& plan = "plan", bool overwrite = false, double before = 0) {
    return StudyStore::open(folder_, folder_ / "study", plan, overwrite, track::wall_time() - before);
  }
  // Another process, as the database sees it.
  void sql(const char* text) {
    track::Database database(folder_ / track::kRunsFile, track::Database::Access::write);
    database.run(text);
  }

  fs::path folder_;
};

Assignment trial(int64_t number, int stage = 0) {
  Assignment assignment{.trial = number, .stage = stage, .share = stage == 0 ? 1.0 / 3 : 1};
  assignment.point = tune::Point{{{"lr", 1e-4}, {"loss", std::string("focal(gamma=?)")}}};
  return assignment;
}
std::optional<Assignment> first(const History& history) {
  return history.runs.empty() ? std::optional(trial(3)) : std::nullopt;
}

TEST_F(Store, KeepsWhatWasDecidedAndWhatCameOfIt) {
  {
    StudyStore store = open();
    auto run = store.claim(first);
    ASSERT_TRUE(run);
    EXPECT_FALSE(store.claim(first)) << "it is decided";
    run->state = tune::RunState::finished, run->value = 0.75, run->seconds = 2.5;
    run->curve = {{0.5, 0.25}, {1, std::nan("")}};
    run->facts = {{"latency_ms", 3.5}};
    store.end(*run);
  }
  StudyStore again = open();
  const History history = again.history();
  ASSERT_EQ(history.runs.size(), 1u);
  const StudyRun& run = history.runs[0];
  EXPECT_EQ(run.assignment.trial, 3);
  EXPECT_EQ(run.assignment.point, trial(3).point);
  EXPECT_EQ(run.state, tune::RunState::finished);
  EXPECT_EQ(run.value, 0.75);
  EXPECT_EQ(run.seconds, 2.5);
  EXPECT_EQ(run.facts.at("latency_ms"), 3.5);
  ASSERT_EQ(run.curve.size(), 2u);
  EXPECT_EQ(run.curve[0].value, 0.25);
  EXPECT_TRUE(std::isnan(run.curve[1].value));
}

TEST_F(Store, ARunWhoseProcessIsGoneIsDecidedOnAgain) {
  StudyStore store = open();
  ASSERT_TRUE(store.claim(first));
  EXPECT_FALSE(store.claim(first)) << "this process runs it";
  // Of this boot and namespace, a process that cannot be: it began before the system did.
  const std::string me = [&] {
    track::Database database(folder_ / track::kRunsFile, track::Database::Access::read);
    track::Statement row(database, "SELECT process FROM study_runs");
    row.step();
    return row.text(0);
  }();
  const std::string gone = me.substr(0, me.rfind(' ')) + " 1";
  sql(("UPDATE study_runs SET process = '" + gone + "'").c_str());
  EXPECT_TRUE(store.claim(first));
  EXPECT_EQ(store.history().runs.size(), 1u);
}

TEST_F(Store, WhatIsReleasedIsForgotten) {
  StudyStore store = open();
  const auto run = store.claim(first);
  store.release(run->id);
  EXPECT_TRUE(store.history().runs.empty());
  EXPECT_TRUE(store.claim(first));
}

TEST_F(Store, ATrialKeepsItsPoint) {
  StudyStore store = open();
  store.release(store.claim(first)->id);
  const History history = store.history();
  EXPECT_TRUE(history.runs.empty());
  ASSERT_TRUE(history.points.contains(3));
  EXPECT_EQ(history.points.at(3), trial(3).point);
}

TEST_F(Store, WhatWasStoppedForTheTimeIsForgottenWhereThereIsMore) {
  StudyStore store = open();
  auto run = store.claim(first);
  run->state = tune::RunState::stopped, run->failure = "below the median";
  store.end(*run);
  store.forget_late_runs();
  EXPECT_EQ(store.history().runs.size(), 1u);
  run->failure = kTimeOver;
  store.end(*run);
  store.forget_late_runs();
  EXPECT_TRUE(store.history().runs.empty());
}

TEST_F(Store, APlaceThatCannotBeSeenIsTakenForGoneWhenItIsSilent) {
  StudyStore store = open();
  ASSERT_TRUE(store.claim(first));
  sql("UPDATE study_runs SET process = 'another-boot pid:[1] 7 7'");
  EXPECT_EQ(store.history().runs.size(), 1u) << "it was heard just now";
  sql("UPDATE study_runs SET heard = heard - 200");
  EXPECT_TRUE(store.history().runs.empty());
}

TEST_F(Store, SaysThatItWorksWhateverItIsAt) {
  StudyStore store = open();
  sql("UPDATE study_sessions SET heard = 0");
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    track::Database database(folder_ / track::kRunsFile, track::Database::Access::read);
    track::Statement row(database, "SELECT heard FROM study_sessions");
    row.step();
    if (row.real(0) > 0) return;
  }
  FAIL() << "five seconds of silence";
}

TEST_F(Store, TimeIsThatInWhichSomebodyWorked) {
  const double now = track::wall_time();
  { open("plan", false, 0); }
  // Two sessions that overlap, of 100 s together, a day ago; one of 50 s before them.
  const auto session = [&](double from, double to) {
    sql(fmt::format("INSERT INTO study_sessions (study, process, began, heard) VALUES (1, 'x', {}, {})", now - from,
                    now - to)
            .c_str());
  };
  session(90000, 89940), session(89970, 89900), session(100000, 99950);
  StudyStore store = open("plan", false, 7);
  EXPECT_NEAR(store.now(), 100 + 50 + 7, 0.5);
}

TEST_F(Store, AnotherPlanIsAnotherStudy) {
  { open("one"); }
  try {
    open("two");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(error.message().find("--overwrite"), std::string::npos);
  }
  StudyStore store = open("two", /*overwrite=*/true);
  EXPECT_TRUE(store.history().runs.empty());
}

TEST_F(Store, WhatIsDecidedOnceStays) {
  StudyStore store = open(), other = open();
  EXPECT_TRUE(store.once("finalist", [](const History&) { return nlohmann::json(); }).is_null()) << "not decided yet";
  EXPECT_EQ(store.once("finalist", [](const History&) { return nlohmann::json(7); }), 7);
  EXPECT_EQ(other.once("finalist", [](const History&) { return nlohmann::json(8); }), 7);
  other.forget("finalist");
  EXPECT_EQ(store.once("finalist", [](const History&) { return nlohmann::json(9); }), 9);
}

}  // namespace
}  // namespace attune::study
