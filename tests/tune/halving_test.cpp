#include "attune/tune/halving.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

#include "attune/tune/draws.h"

#include "tests/base/expect_error.h"

namespace attune::tune {
namespace {

const ScheduleOptions kOptions{.budget = 1000, .reserve = 100, .full_run = 90, .fixed = 9};

RungRun ended(int64_t trial, int rung, double value) {
  return {.trial = trial,
          .rung = rung,
          .state = RunState::finished,
          .seconds = 9 + 81 * std::pow(3, rung - 2),
          .value = value};
}

// Workers that ask for jobs as they get free, on a clock of their own. What a run takes and is worth is keyed by the
// trial and the rung.
struct Cluster {
  int workers = 1;
  uint64_t seed = 0;
  double slowness = 1;       // times what the options expect
  double unevenness = 0.25;  // a trial's seconds are within this of what is expected, relatively

  double seconds(const ScheduleOptions& options, const Job& job) const {
    const uint64_t key = mix_key(mix_key(seed, static_cast<uint64_t>(job.trial)), static_cast<uint64_t>(job.rung));
    const double off = 1 + unevenness * (2 * uniform(key, 0) - 1);
    return slowness * off * (options.fixed + (options.full_run - options.fixed) * job.share);
  }
  double value(int64_t trial) const { return uniform(mix_key(seed, static_cast<uint64_t>(trial)), 1); }

  struct Started {
    Job job;
    double at, end;
  };
  // Everything that was started, in that order.
  std::vector<Started> run(const ScheduleOptions& options, double until = 1e18,
                           std::vector<RungRun>* left = nullptr) const {
    std::vector<Started> started;
    std::vector<RungRun> history;
    std::vector<double> ends;
    std::vector<int> free;  // workers that wait for something to end
    double now = 0;
    int idle = workers;
    for (;;) {
      while (idle > 0) {
        const Decision decision = next_job(options, history, now);
        if (!decision.job) break;
        const double end = now + seconds(options, *decision.job);
        started.push_back({*decision.job, now, end});
        history.push_back({.trial = decision.job->trial, .rung = decision.job->rung});
        ends.push_back(end);
        --idle;
      }
      const auto next = std::min_element(ends.begin(), ends.end());
      if (next == ends.end() || *next == 1e18 || *next > until) break;
      const auto i = static_cast<size_t>(next - ends.begin());
      now = *next, *next = 1e18, ++idle;
      history[i].state = started[i].job.trial % 11 == 10 ? RunState::failed : RunState::finished;
      history[i].seconds = now - started[i].at;
      history[i].value = value(started[i].job.trial);
    }
    if (left) *left = history;
    return started;
  }
};

TEST(Halving, Rungs) {
  const auto shares = rungs({.eta = 3, .smallest = 1.0 / 9});
  ASSERT_EQ(shares.size(), 3u);
  EXPECT_NEAR(shares[0], 1.0 / 9, 1e-12);
  EXPECT_EQ(shares[2], 1);
  EXPECT_EQ(rungs({.eta = 2, .smallest = 0.2}).size(), 3u);
  EXPECT_EQ(rungs({.smallest = 1}).size(), 1u);
}

TEST(Halving, TheDefaultsComeFirstAndInFull) {
  const Decision first = next_job(kOptions, {}, 0);
  ASSERT_TRUE(first.job);
  EXPECT_EQ(first.job->trial, 0);
  EXPECT_EQ(first.job->share, 1);
  EXPECT_EQ(first.job->arm, Arm::defaults);
  EXPECT_EQ(first.job->why, Why::defaults);
  EXPECT_NEAR(first.job->expected, 90, 1e-9);
  EXPECT_NEAR(first.job->longest, 135, 1e-9) << "two and a half times a spread of a fifth";
  const Decision second = next_job(kOptions, std::vector<RungRun>{{.trial = 0, .rung = 2}}, 0);
  ASSERT_TRUE(second.job);
  EXPECT_EQ(second.job->trial, 1);
  EXPECT_EQ(second.job->rung, 0);
  EXPECT_EQ(second.job->why, Why::fresh);
  EXPECT_NEAR(second.job->expected, 18, 1e-9);
}

TEST(Halving, AShareOfTheTrialsIsRandom) {
  int random = 0;
  for (int64_t trial = 1; trial <= 100; ++trial) random += arm_of(trial, {.random_share = 0.2}) == Arm::random;
  EXPECT_EQ(random, 20);
  EXPECT_EQ(arm_of(5, {.random_share = 0.2}), Arm::random);
  EXPECT_EQ(arm_of(4, {.random_share = 0.2}), Arm::sampled);
  EXPECT_EQ(arm_of(1, {.random_share = 1}), Arm::random);
  EXPECT_EQ(arm_of(1, {.random_share = 0}), Arm::sampled);
}

TEST(Halving, TheBestThirdIsPromoted) {
  std::vector<RungRun> runs{ended(0, 2, 0.9), ended(1, 0, 0.5), ended(2, 0, 0.7)};
  EXPECT_EQ(next_job(kOptions, runs, 100).job->why, Why::fresh) << "a third of two is nobody";
  runs.push_back(ended(3, 0, 0.6));
  const auto third = next_job(kOptions, runs, 100);
  EXPECT_EQ(third.job->why, Why::promotion);
  EXPECT_EQ(third.job->trial, 2);
  EXPECT_EQ(third.job->rung, 1);
  runs.push_back({.trial = 2, .rung = 1});
  EXPECT_EQ(next_job(kOptions, runs, 100).job->why, Why::fresh) << "once";
  EXPECT_EQ(next_job(kOptions, runs, 100).job->trial, 4);
  for (int64_t trial : {4, 5}) runs.push_back(ended(trial, 0, 0.1));
  runs.push_back({.trial = 6, .rung = 0, .state = RunState::failed, .seconds = 3});
  EXPECT_EQ(next_job(kOptions, runs, 100).job->trial, 3) << "the second of six, one of which failed";
}

TEST(Halving, HigherRungsGoFirst) {
  std::vector<RungRun> runs{ended(0, 2, 0.9)};
  for (int64_t trial = 1; trial <= 12; ++trial) runs.push_back(ended(trial, 0, 0.01 * static_cast<double>(trial)));
  for (int64_t trial = 10; trial <= 12; ++trial) runs.push_back(ended(trial, 1, 1 - 0.01 * static_cast<double>(trial)));
  const auto decision = next_job({.budget = 5000, .full_run = 90, .fixed = 9}, runs, 100);
  EXPECT_EQ(decision.job->trial, 10) << "by the value of its rung";
  EXPECT_EQ(decision.job->rung, 2);
}

TEST(Halving, FailedAndStoppedOnesAreNeverPromoted) {
  std::vector<RungRun> runs{ended(0, 2, 0.9)};
  for (int64_t trial = 1; trial <= 9; ++trial)
    runs.push_back({.trial = trial,
                    .rung = 0,
                    .state = trial % 2 == 0 ? RunState::failed : RunState::stopped,
                    .seconds = 9,
                    .value = 1});
  EXPECT_EQ(next_job(kOptions, runs, 100).job->why, Why::fresh);
}

TEST(Halving, NoShortRunBehindWhichNoFullOneFits) {
  const std::vector<RungRun> runs{ended(0, 2, 0.9), ended(1, 0, 0.5), ended(2, 0, 0.7)};
  const Costs costs = costs_of(kOptions, runs);
  const double margin = 1 + costs.margin, full = margin * costs.seconds(1), less = margin * costs.seconds(1.0 / 9);
  EXPECT_EQ(next_job(kOptions, runs, 900 - full - less - 0.1).job->why, Why::fresh);
  const auto closing = next_job(kOptions, runs, 900 - full - less + 0.1);
  EXPECT_EQ(closing.job->why, Why::closing);
  EXPECT_EQ(closing.job->trial, 2) << "the best one";
  EXPECT_EQ(closing.job->rung, 2);
  const auto nothing = next_job(kOptions, runs, 900 - full + 2);
  EXPECT_FALSE(nothing.job);
  EXPECT_FALSE(nothing.wait);
  EXPECT_EQ(nothing.reason, fmt::format("{} s are left before the final judgement, and a full run may take {} s",
                                        std::ceil(full - 2), std::ceil(full)));
}

TEST(Halving, WaitsForWhatRunsAndEndsWithTheTrials) {
  ScheduleOptions options = kOptions;
  options.most_trials = 3;
  std::vector<RungRun> runs{ended(0, 2, 0.9), {.trial = 1, .rung = 0}, {.trial = 2, .rung = 0}};
  EXPECT_TRUE(next_job(options, runs, 100).wait);
  runs[1] = ended(1, 0, 0.5), runs[2] = ended(2, 0, 0.6);
  EXPECT_EQ(next_job(options, runs, 100).job->why, Why::closing);
  runs.push_back(ended(2, 2, 0.6)), runs.push_back(ended(1, 2, 0.6));
  const auto over = next_job(options, runs, 100);
  EXPECT_FALSE(over.job || over.wait);
  EXPECT_NE(over.reason.find("all 3 trials have run"), std::string::npos) << over.reason;
}

TEST(Halving, ATrialThatWasSlowIsExpectedToBe) {
  std::vector<RungRun> runs{ended(0, 2, 0.9), ended(1, 0, 0.5), ended(2, 0, 0.4), ended(3, 0, 0.3)};
  const double usual = next_job(kOptions, runs, 100).job->expected;
  runs[1].seconds *= 3;
  EXPECT_GT(next_job(kOptions, runs, 100).job->expected, 1.8 * usual);
}

TEST(Halving, TheBudgetIsNeverExceeded) {
  for (const int workers : {1, 2, 3, 4})
    for (uint64_t seed = 0; seed < 25; ++seed)
      for (const double slowness : {0.4, 1.0, 1.3}) {
        const Cluster cluster{.workers = workers, .seed = seed, .slowness = slowness};
        ScheduleOptions options = kOptions;
        options.budget = 700 + 300 * static_cast<double>(seed % 4);
        const auto started = cluster.run(options);
        SCOPED_TRACE(fmt::format("{} workers, seed {}, slowness {}", workers, seed, slowness));
        std::set<std::pair<int64_t, int>> seen;
        for (const auto& one : started) {
          EXPECT_LE(one.end, options.budget - options.reserve);
          EXPECT_TRUE(seen.emplace(one.job.trial, one.job.rung).second) << "no run twice";
        }
        EXPECT_EQ(started[0].job.trial, 0);
        EXPECT_GE(std::count_if(started.begin(), started.end(), [](const auto& s) { return s.job.share == 1; }), 2)
            << "something to compare the defaults with";
      }
}

// Halving: of nine that begin, about three go on, and one of them.
TEST(Halving, RungsAreAPyramid) {
  const auto started = Cluster{.workers = 3, .unevenness = 0.1}.run({.budget = 20000, .full_run = 90, .fixed = 0});
  std::vector<int> counts(3);
  double best = 0, best_full = 0;
  for (const auto& one : started) {
    if (one.job.trial == 0) continue;
    ++counts[static_cast<size_t>(one.job.rung)];
    const double value = Cluster{.workers = 3}.value(one.job.trial);
    if (one.job.trial % 11 != 10) best = std::max(best, value);
    if (one.job.share == 1) best_full = std::max(best_full, value);
  }
  EXPECT_GT(counts[0], 200);
  EXPECT_NEAR(counts[1], counts[0] / 3.0, 0.04 * counts[0]);
  EXPECT_NEAR(counts[2], counts[0] / 9.0, 0.04 * counts[0]);
  EXPECT_EQ(best, best_full) << "the best one came through";
}

TEST(Halving, AKilledOneGoesOnAsIfItHadNotBeen) {
  const Cluster cluster{.workers = 1, .seed = 4};
  const auto whole = cluster.run(kOptions);
  for (size_t cut = 1; cut + 1 < whole.size(); ++cut) {
    // Killed while the run number `cut` was under way: it is not in the store.
    std::vector<RungRun> history;
    for (size_t i = 0; i < cut; ++i)
      history.push_back({.trial = whole[i].job.trial,
                         .rung = whole[i].job.rung,
                         .state = whole[i].job.trial % 11 == 10 ? RunState::failed : RunState::finished,
                         .seconds = whole[i].end - whole[i].at,
                         .value = cluster.value(whole[i].job.trial)});
    std::reverse(history.begin(), history.end());
    std::swap(history.front(), history[history.size() / 2]);
    const auto next = next_job(kOptions, history, whole[cut].at);
    ASSERT_TRUE(next.job);
    EXPECT_EQ(next.job->trial, whole[cut].job.trial);
    EXPECT_EQ(next.job->rung, whole[cut].job.rung);
    EXPECT_EQ(next.job->why, whole[cut].job.why);
    EXPECT_EQ(next.job->expected, whole[cut].job.expected) << "bit for bit, in any order";
  }
}

TEST(Halving, WhatStillRunsIsWaitedForWhereTheTimeIsOver) {
  std::vector<RungRun> runs{ended(0, 2, 0.9), ended(1, 0, 0.95), {.trial = 1, .rung = 2}};
  Decision late = next_job(kOptions, runs, 880);
  EXPECT_FALSE(late.job);
  EXPECT_TRUE(late.wait) << "trial 1 may be the best of all";
  runs.back() = ended(1, 2, 0.97);
  late = next_job(kOptions, runs, 880);
  EXPECT_FALSE(late.job || late.wait);
}

TEST(Halving, OptionsThatAreWrong) {
  ScheduleOptions options = kOptions;
  options.budget = 200;
  EXPECT_FALSE(next_job(options, {}, 0).job) << "no room for one run and the judgement";
  options.budget = 235;
  EXPECT_TRUE(next_job(options, {}, 0).job);
  const auto wrong = [](ScheduleOptions with) { next_job(with, {}, 0); };
  EXPECT_ERROR(ErrorKind::internal, wrong({.budget = 9, .full_run = 0}), "more than 0 seconds, got 0");
  EXPECT_ERROR(ErrorKind::internal, wrong({.budget = 9, .full_run = 1, .eta = 1}), "eta is at least 2, got 1");
  EXPECT_ERROR(ErrorKind::internal, wrong({.budget = 9, .full_run = 1, .smallest = 0}), "smallest share", "got 0");
  EXPECT_ERROR(ErrorKind::internal, wrong({.budget = 9, .full_run = 1, .fixed = 2}), "what every run takes", "got 2");
  EXPECT_ERROR(ErrorKind::internal, next_job(kOptions, std::vector<RungRun>{{.trial = 0, .rung = 3}}, 0), "rung 3");
  EXPECT_ERROR(ErrorKind::internal, next_job(kOptions, std::vector<RungRun>{ended(0, 2, 1), ended(0, 2, 1)}, 0),
               "twice");
}

TEST(Costs, ALineThroughWhatWasMeasured) {
  const Costs expected{.fixed = 0, .per_share = 90, .spread = 0.25};
  EXPECT_NEAR(fit_costs(expected, {}).seconds(1), 90, 1e-9);
  EXPECT_NEAR(fit_costs(expected, {}).spread, 0.25, 1e-12);
  std::vector<MeasuredRun> runs;
  for (int i = 0; i < 30; ++i) {
    const double share = std::pow(3, -(i % 3));
    runs.push_back({share, 20 + 200 * share});
  }
  const Costs costs = fit_costs(expected, runs);
  EXPECT_NEAR(costs.fixed, 20, 2);
  EXPECT_NEAR(costs.per_share, 200, 6);
  EXPECT_LT(costs.spread, 0.1);
  std::reverse(runs.begin(), runs.end());
  EXPECT_EQ(fit_costs(expected, runs).fixed, costs.fixed);
  const Costs first = fit_costs(expected, std::vector<MeasuredRun>{{1, 270}});
  EXPECT_GT(first.seconds(1), 200) << "the first run moves it most of the way";
  std::vector<MeasuredRun> falling(20, {1.0 / 9, 100}), steep(20, {1.0 / 9, 2});
  for (int i = 0; i < 20; ++i) falling.push_back({1, 50}), steep.push_back({1, 90});
  EXPECT_EQ(fit_costs(expected, falling).per_share, 0);
  EXPECT_GT(fit_costs(expected, falling).fixed, 50);
  EXPECT_EQ(fit_costs(expected, steep).fixed, 0);
  EXPECT_GT(fit_costs(expected, steep).per_share, 20);
}

}  // namespace
}  // namespace attune::tune
