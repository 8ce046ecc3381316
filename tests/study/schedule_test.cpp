#include "attune/study/schedule.h"

#include <gtest/gtest.h>

#include "attune/base/rng.h"

#include "tests/study/sample_plan.h"

namespace attune::study {
namespace {

// A machine on which a full run of the search takes so many seconds, some more or less.
struct Simulated {
  StudyPlan plan;
  double full = 20, luck = 0;
  History history = {};
  std::optional<Finalist> finalist = {};

  double seconds(const Assignment& a) const {
    const double rows = static_cast<double>(plan.rows(a.purpose).learns) / static_cast<double>(plan.search.learns);
    const uint64_t key = mix_key(static_cast<uint64_t>(a.trial), static_cast<uint64_t>(a.stage));
    return full * a.share * rows * (1 + luck * (static_cast<double>(key >> 40) / (1 << 24) - 0.5));
  }
  // The closer to a rate of 3e-4 the better, and more so in full.
  double value(const Assignment& a) const {
    const double rate = a.point ? std::get<double>(a.point->values.at("lr")) : 5e-5;
    return 0.9 - 0.1 * std::abs(std::log10(rate / 3e-4)) - 0.1 * (1 - a.share);
  }
  bool step(const Next& next) {
    if (!next.assignment) return false;
    const Assignment& a = *next.assignment;
    StudyRun run{
        .id = std::ssize(history.runs) + 1, .assignment = a, .state = tune::RunState::finished, .began = history.now};
    run.seconds = seconds(a), run.value = value(a);
    history.now += run.seconds;
    history.runs.push_back(run), history.points[a.trial] = a.point;
    return true;
  }
  void run() {
    const Expected expected{.full_run = full, .fixed = 0.3};
    check_budget(plan, expected);
    while (step(next_of_search(plan, expected, history))) {
    }
    finalist = finalist_of(plan, history);
    if (finalist)
      while (step(next_of_verdict(plan, finalist->trial, history))) {
      }
  }
  std::vector<StudyRun> ran() {
    run();
    return history.runs;
  }
  int64_t count(Purpose purpose, int64_t trial) const {
    return std::count_if(history.runs.begin(), history.runs.end(), [&](const StudyRun& run) {
      return run.assignment.purpose == purpose && run.assignment.trial == trial;
    });
  }
};

TEST(Schedule, KeepsTheBudgetAndUsesIt) {
  for (const double luck : {0.0, 0.3})
    for (const char* budget : {"300s", "600s", "1800s"}) {
      Simulated study{.plan = test::sample_plan(budget), .luck = luck};
      study.run();
      const double seconds = budget_of(study.plan);
      EXPECT_LE(study.history.now, 1.05 * seconds) << budget;
      EXPECT_GE(study.history.now, 0.8 * seconds) << budget << ", luck " << luck;
      ASSERT_TRUE(study.finalist) << budget;
      EXPECT_GE(study.count(Purpose::verdict, 0), seconds < 400 ? 1 : 3) << budget;
      EXPECT_EQ(study.count(Purpose::verdict, 0), study.count(Purpose::verdict, study.finalist->trial)) << budget;
    }
}

TEST(Schedule, TheDefaultsComeFirstAndInFull) {
  Simulated study{.plan = test::sample_plan()};
  study.run();
  EXPECT_EQ(study.history.runs[0].assignment.trial, 0);
  EXPECT_EQ(study.history.runs[0].assignment.share, 1);
  EXPECT_EQ(study.count(Purpose::search, 0), 1);
}

TEST(Schedule, TheFinalistIsTheBestInFullThatIsNotTheDefaults) {
  Simulated study{.plan = test::sample_plan("1800s")};
  study.run();
  double best = 0;
  int64_t trial = 0;
  for (const StudyRun& run : study.history.runs)
    if (run.assignment.purpose == Purpose::search && run.assignment.share == 1 && run.assignment.trial != 0 &&
        *run.value > best)
      best = *run.value, trial = run.assignment.trial;
  ASSERT_TRUE(study.finalist);
  EXPECT_EQ(study.finalist->trial, trial);
  EXPECT_GT(best, study.value({}) + 0.05) << "search is worth something here";
}

TEST(Schedule, LimitsKeepTrialsOut) {
  StudyPlan plan = test::sample_plan();
  plan.options.max_latency = "5ms", plan.options.max_size = "30MB";
  const auto run = [](int64_t trial, std::vector<Answering> answers) {
    StudyRun made{.id = trial, .assignment = {.trial = trial, .share = 1}, .state = tune::RunState::finished};
    made.assignment.point = tune::Point{{{"lr", 1e-4 * static_cast<double>(trial)}}};
    made.value = answers[0].value, made.facts = {{"answers", answers_json(answers)}};
    return made;
  };
  const std::vector<Answering> quick{{"f32", 0.8, 4, 90e6}, {"int8", 0.79, 2, 23e6}},
      good{{"f32", 0.9, 6, 90e6}, {"int8", 0.85, 6, 23e6}};
  const auto finalist = finalist_of(plan, {.now = 0, .runs = {run(1, quick), run(2, good)}});
  ASSERT_TRUE(finalist);
  EXPECT_EQ(finalist->trial, 1);
  EXPECT_EQ(finalist->precision, "int8");
  EXPECT_FALSE(finalist_of(plan, {.now = 0, .runs = {run(2, good)}}));
  plan.options.max_size.clear(), plan.options.max_latency = "10ms";
  EXPECT_EQ(finalist_of(plan, {.now = 0, .runs = {run(1, quick), run(2, good)}})->precision, "f32");
}

// Room for three full runs of 20 s: the judgement is by what these answered on the verdict's rows.
TEST(Schedule, ASmallBudgetGoesToTheSearchAlone) {
  for (const double luck : {0.0, 0.3})
    for (const char* budget : {"70s", "90s"}) {
      Simulated study{.plan = test::sample_plan(budget), .luck = luck};
      study.run();
      EXPECT_TRUE(study.finalist) << budget;
      EXPECT_EQ(study.count(Purpose::verdict, 0), 0) << budget;
      EXPECT_LE(study.history.now, 1.05 * budget_of(study.plan)) << budget;
      EXPECT_GE(study.history.now, 0.6 * budget_of(study.plan)) << budget;
    }
}

TEST(Schedule, ATooSmallBudgetIsRefusedWithWhatIsNeeded) {
  Simulated study{.plan = test::sample_plan("30s")};
  try {
    study.run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("give at least"), std::string::npos);
  }
}

TEST(Schedule, ATrialKeepsItsPointAndOneThatGoesStraightToTheTopHasOne) {
  StudyPlan plan = test::sample_plan("300s");
  const Expected expected{.full_run = 20, .fixed = 0.3};
  Simulated study{.plan = plan};
  study.step(next_of_search(plan, expected, study.history));
  const auto fresh = next_of_search(plan, expected, study.history).assignment;
  ASSERT_TRUE(fresh && fresh->trial == 1 && fresh->point);
  // Interrupted: its run is gone, its point is not, whatever became known meanwhile.
  const tune::Point kept{{{"lr", 3e-4}}};
  study.history.points[1] = kept;
  EXPECT_EQ(next_of_search(plan, expected, study.history).assignment->point, kept);
  for (const StudyRun& run : Simulated{.plan = test::sample_plan("70s")}.ran())
    EXPECT_EQ(run.assignment.point.has_value(), run.assignment.trial != 0 || plan.space.defaults_point)
        << run.assignment.trial;
}

TEST(Schedule, NothingIsSearchedOnceItIsDecidedWhoIsJudged) {
  Simulated study{.plan = test::sample_plan("600s")};
  const Expected expected{.full_run = 20, .fixed = 0.3};
  study.step(next_of_search(study.plan, expected, study.history));
  EXPECT_TRUE(next_of_search(study.plan, expected, study.history).assignment);
  study.history.finalist_stands = true;
  const Next next = next_of_search(study.plan, expected, study.history);
  EXPECT_FALSE(next.assignment || next.wait);
}

TEST(Schedule, NobodyIsJudgedAgainstDefaultsThatFailed) {
  Simulated study{.plan = test::sample_plan("600s")};
  study.run();
  ASSERT_TRUE(study.finalist);
  std::erase_if(study.history.runs, [](const StudyRun& run) { return run.assignment.purpose == Purpose::verdict; });
  study.history.now = 0;
  EXPECT_TRUE(next_of_verdict(study.plan, study.finalist->trial, study.history).assignment);
  study.history.runs[0].state = tune::RunState::failed, study.history.runs[0].value.reset();
  EXPECT_TRUE(defaults_failed(study.history));
  EXPECT_FALSE(next_of_verdict(study.plan, study.finalist->trial, study.history).assignment);
}

TEST(Schedule, OneSideOfABlockIsNotBegunBehindTheEnd) {
  Simulated study{.plan = test::sample_plan("600s")};
  study.run();
  const int64_t other =
      study.finalist->trial == 1 ? 2 : 1;  // somebody else is judged, with a larger budget that is over
  study.history.now = 650;
  EXPECT_FALSE(next_of_verdict(study.plan, other, study.history).assignment);
  study.plan.options.budget = "1200s";
  EXPECT_TRUE(next_of_verdict(study.plan, other, study.history).assignment);
}

TEST(Schedule, AFinalModelIsPartOfTheBudget) {
  Simulated study{.plan = test::sample_plan("600s")};
  study.plan.options.final_model = "model";
  study.run();
  EXPECT_LE(study.history.now + study.full * 10000 / 6000, 1.05 * 600);
}

}  // namespace
}  // namespace attune::study
