#include "attune/tune/halving.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "attune/base/error.h"

namespace attune::tune {
namespace {

std::string seconds_text(double seconds) {
  return fmt::format("{:.0f} s", std::ceil(std::max(seconds, 0.0)));
}

bool has_ended(const RungRun& run) {
  return run.state != RunState::running;
}
bool has_value(const RungRun& run) {
  return run.state == RunState::finished && run.value && std::isfinite(*run.value);
}

Costs expected_costs(const ScheduleOptions& options) {
  return {.fixed = options.fixed, .per_share = options.full_run - options.fixed, .spread = options.spread};
}

// Who makes the options checks what users say (study::check_budget); these are our own slips.
void check_ranges(const ScheduleOptions& options) {
  ATTUNE_CHECK(options.full_run > 0 && std::isfinite(options.full_run), "a full run takes more than 0 seconds, got {}",
               options.full_run);
  ATTUNE_CHECK(options.fixed >= 0 && options.fixed <= options.full_run,
               "what every run takes lies between 0 and the seconds of a full run, got {}", options.fixed);
  ATTUNE_CHECK(options.reserve >= 0 && options.spread >= 0, "a reserve of {} s, a spread of {}", options.reserve,
               options.spread);
  ATTUNE_CHECK(options.eta >= 2, "eta is at least 2, got {}", options.eta);
  ATTUNE_CHECK(options.smallest > 0 && options.smallest <= 1,
               "the smallest share of a full run lies above 0 and up to 1, got {}", options.smallest);
  ATTUNE_CHECK(options.random_share >= 0 && options.random_share <= 1,
               "the share of random trials lies between 0 and 1, got {}", options.random_share);
  ATTUNE_CHECK(options.most_trials >= 0, "{} trials at most", options.most_trials);
}

// The history by trial and rung: the same for every order of the runs.
class Schedule {
 public:
  Schedule(const ScheduleOptions& options, std::span<const RungRun> runs, double now)
      : options_(options), shares_(rungs(options)), costs_(costs_of(options, runs)), now_(now) {
    for (const RungRun& run : runs) {
      ATTUNE_CHECK(run.trial >= 0, "trial {}", run.trial);
      const bool added = trials_[run.trial].emplace(run.rung, &run).second;
      ATTUNE_CHECK(added, "trial {} is twice on rung {}", run.trial, run.rung);
      running_ = running_ || !has_ended(run);
    }
  }

  Decision decide() const {
    if (!trials_.contains(0)) {
      const Job defaults = job(0, top(), Why::defaults);
      return fits(defaults) ? Decision{.job = defaults, .reason = {}} : too_late();
    }
    std::vector<Job> jobs = promotions();
    if (const auto trial = fresh_trial()) jobs.push_back(job(*trial, 0, Why::fresh));
    for (const Job& next : jobs)
      if (fits(next)) return {.job = next, .reason = {}};
    for (const int64_t trial : short_trials())
      if (const Job last = job(trial, top(), Why::closing); fits(last)) return {.job = last, .reason = {}};
    if (const auto trial = fresh_trial(); trial && !running_)
      if (const Job last = job(*trial, top(), Why::closing); fits(last)) return {.job = last, .reason = {}};
    return nothing();
  }

 private:
  int top() const { return static_cast<int>(shares_.size()) - 1; }
  double left() const { return options_.budget - options_.reserve - now_; }
  double with_margin(double seconds) const { return seconds * (1 + costs_.margin); }

  // How many times what is expected of any the trial took, on the highest rung that it finished; at least 1, since a
  // run that was quick by luck would make the next one look as if it fitted.
  double pace(int64_t trial) const {
    const auto found = trials_.find(trial);
    if (found == trials_.end()) return 1;
    for (auto run = found->second.rbegin(); run != found->second.rend(); ++run)
      if (run->second->state == RunState::finished)
        return std::max(1.0, run->second->seconds / costs_.seconds(shares_[static_cast<size_t>(run->first)]));
    return 1;
  }

  Job job(int64_t trial, int rung, Why why) const {
    const double share = shares_[static_cast<size_t>(rung)], expected = costs_.seconds(share) * pace(trial);
    return {.trial = trial,
            .rung = rung,
            .share = share,
            .arm = arm_of(trial, options_),
            .why = why,
            .expected = expected,
            .longest = with_margin(expected)};
  }

  // Behind a short run there has to be room for the full one that it may lead to.
  bool fits(const Job& job) const {
    const double behind = job.rung == top() ? 0 : with_margin(costs_.seconds(1) * pace(job.trial));
    return job.longest + behind <= left();
  }

  // Trials whose run on this rung has a value, the best first; `ended`: runs of it that are over.
  std::vector<int64_t> ranking(int rung, size_t& ended) const {
    std::vector<std::pair<double, int64_t>> valued;
    ended = 0;
    for (const auto& [trial, runs] : trials_) {
      const auto run = runs.find(rung);
      if (run == runs.end() || !has_ended(*run->second)) continue;
      ++ended;
      if (has_value(*run->second)) valued.emplace_back(-*run->second->value, trial);
    }
    std::sort(valued.begin(), valued.end());
    std::vector<int64_t> order;
    for (const auto& [value, trial] : valued) order.push_back(trial);
    return order;
  }
  bool is_highest(int64_t trial, int rung) const { return trials_.at(trial).rbegin()->first == rung; }

  // One for each rung that has a trial to promote, the highest rung first.
  std::vector<Job> promotions() const {
    std::vector<Job> jobs;
    for (int rung = top() - 1; rung >= 0; --rung) {
      size_t ended = 0;
      const auto order = ranking(rung, ended);
      const size_t places = std::min(order.size(), ended / static_cast<size_t>(options_.eta));
      for (size_t i = 0; i < places; ++i) {
        if (!is_highest(order[i], rung)) continue;
        jobs.push_back(job(order[i], rung + 1, Why::promotion));
        break;
      }
    }
    return jobs;
  }

  std::optional<int64_t> fresh_trial() const {
    int64_t next = 0;
    while (trials_.contains(next)) ++next;
    if (options_.most_trials > 0 && static_cast<int64_t>(trials_.size()) >= options_.most_trials) return std::nullopt;
    return next;
  }

  // Those that were not trained in full: by rung, the highest first, then by value.
  std::vector<int64_t> short_trials() const {
    std::vector<int64_t> trials;
    for (int rung = top() - 1; rung >= 0; --rung) {
      size_t ended = 0;
      for (const int64_t trial : ranking(rung, ended))
        if (is_highest(trial, rung)) trials.push_back(trial);
    }
    return trials;
  }

  Decision too_late() const {
    return {.reason = fmt::format("{} are left before the final judgement, and a full run may take {}",
                                  seconds_text(left()), seconds_text(with_margin(costs_.seconds(1))))};
  }

  Decision nothing() const {
    if (with_margin(costs_.seconds(1)) > left()) {
      Decision late = too_late();
      late.wait = running_;  // what runs now may still be the best
      return late;
    }
    if (running_)
      return {.wait = true, .reason = "what runs now has to end before there is something to train in full"};
    if (!fresh_trial())
      return {.reason = fmt::format("all {} trials have run, and there is nobody to promote", trials_.size())};
    return {.reason = fmt::format("{} are left before the final judgement: room for a full run, which may take {}, but "
                                  "not for a short one before it, and no trial is waiting for one",
                                  seconds_text(left()), seconds_text(with_margin(costs_.seconds(1))))};
  }

  const ScheduleOptions& options_;
  std::vector<double> shares_;
  Costs costs_;
  double now_;
  std::map<int64_t, std::map<int, const RungRun*>> trials_;
  bool running_ = false;
};

}  // namespace

const char* name(Arm arm) {
  switch (arm) {
    case Arm::defaults:
      return "defaults";
    case Arm::random:
      return "random";
    case Arm::sampled:
      return "sampled";
  }
  return "";
}

const char* name(RunState state) {
  switch (state) {
    case RunState::running:
      return "running";
    case RunState::finished:
      return "finished";
    case RunState::failed:
      return "failed";
    case RunState::stopped:
      return "stopped";
  }
  return "";
}

const char* name(Why why) {
  switch (why) {
    case Why::defaults:
      return "defaults";
    case Why::fresh:
      return "fresh";
    case Why::promotion:
      return "promotion";
    case Why::closing:
      return "closing";
  }
  return "";
}

std::vector<double> rungs(const ScheduleOptions& options) {
  std::vector<double> shares;
  constexpr double kRounding = 1e-9;
  double parts = 1;
  for (; 1 / parts >= options.smallest * (1 - kRounding); parts *= options.eta) shares.push_back(1 / parts);
  std::reverse(shares.begin(), shares.end());
  return shares;
}

Arm arm_of(int64_t trial, const ScheduleOptions& options) {
  if (trial == 0) return Arm::defaults;
  const auto at = static_cast<double>(trial);
  return std::floor(at * options.random_share) > std::floor((at - 1) * options.random_share) ? Arm::random
                                                                                             : Arm::sampled;
}

Costs costs_of(const ScheduleOptions& options, std::span<const RungRun> runs) {
  const auto shares = rungs(options);
  std::vector<MeasuredRun> measured;
  for (const RungRun& run : runs) {
    ATTUNE_CHECK(run.rung >= 0 && static_cast<size_t>(run.rung) < shares.size(), "trial {} on rung {}", run.trial,
                 run.rung);
    if (run.state == RunState::finished) measured.push_back({shares[static_cast<size_t>(run.rung)], run.seconds});
  }
  return fit_costs(expected_costs(options), measured);
}

Decision next_job(const ScheduleOptions& options, std::span<const RungRun> runs, double now) {
  check_ranges(options);
  return Schedule(options, runs, now).decide();
}

}  // namespace attune::tune
