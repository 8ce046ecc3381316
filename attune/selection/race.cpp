#include "attune/selection/race.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/compare/worth.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/report/metric_units.h"

namespace attune::selection {
namespace {

constexpr double kPrior = 0.01;  // one point

}  // namespace

std::vector<Arm> Race::run(const Spending& spending) {
  const Arm plain_arm{plan_.plain_loss, plan_.plain_loss};
  std::vector<Arm> arms;
  for (const Stage& stage : spending.stages) {
    say_(fmt::format("race: {} first", plan_.plain_loss));
    const Answers& base = book_.answers_or_again(race_job(plan_, plain_arm, stage));
    if (base.failed)
      fail(ErrorKind::numeric, "{} failed twice in the race ({}); a lower --lr or more --warmup helps",
           plan_.plain_loss, base.failure);
    if (&stage == &spending.stages.front()) {
      first_answers_(base);
      arms = arms_of(plan_, stage, choice_.rulings);
      plan_line(spending, arms.size());
    }
    arms.resize(std::min(arms.size(), static_cast<size_t>(stage.arms + stage.rates)));
    arms = run_stage(stage, arms);
  }
  arms.resize(std::min(arms.size(), static_cast<size_t>(spending.finalists)));
  for (const Arm& arm : arms)
    for (RaceLine& line : choice_.race)
      line.finalist |= line.arm == arm.name && line.upper == spending.stages.back().upper;
  if (!arms.empty()) note_rate(arms[0]);
  // Whoever reads the table wants the last stage and its best first; the plain loss leads its stage.
  std::stable_sort(choice_.race.begin(), choice_.race.end(), [&](const RaceLine& a, const RaceLine& b) {
    const auto rank = [&](const RaceLine& l) { return l.arm == plan_.plain_loss ? 0 : l.failed ? 2 : 1; };
    if (a.upper != b.upper) return b.upper;
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return rank(a) == 1 && a.shrunk > b.shrunk;
  });
  return arms;
}

// Where another rate of the plain loss gained about as much as the finalist, the rate may be what is behind it.
void Race::note_rate(const Arm& finalist) {
  constexpr double kMuch = 0.5;
  if (finalist.rate_times != 1) return;
  const RaceLine* of_finalist = nullptr;
  for (const RaceLine& line : choice_.race)
    if (line.finalist && line.arm == finalist.name) of_finalist = &line;
  if (!of_finalist || !(of_finalist->difference > 0)) return;
  for (const RaceLine& line : choice_.race)
    if (line.upper == of_finalist->upper && line.rate_times != 1 && !line.failed &&
        line.difference >= kMuch * of_finalist->difference)
      choice_.notes.push_back(
          fmt::format("in the race {} gained {}, and {} {}: much of what another loss gains here may be the learning "
                      "rate; choose once more with that --lr",
                      line.arm, report::MetricUnits(plan_.metric).amount(line.difference), finalist.name,
                      report::MetricUnits(plan_.metric).amount(of_finalist->difference)));
}

std::vector<Arm> Race::run_stage(const Stage& stage, const std::vector<Arm>& arms) {
  std::vector<Job> jobs;
  for (const Arm& arm : arms) jobs.push_back(race_job(plan_, arm, stage));
  runner_.prepare(jobs);
  const Arm plain_arm{plan_.plain_loss, plan_.plain_loss};
  const compare::PredictionFile plain_file = book_.after(book_.answers_or_again(race_job(plan_, plain_arm, stage)), 0);
  choice_.race.push_back({.arm = plan_.plain_loss, .upper = stage.upper, .value = value_of(plain_file, plan_.metric)});
  std::vector<std::pair<double, Arm>> gained;
  for (const Arm& arm : arms) {
    say_("race: " + arm.name);
    RaceLine line = line_of(arm, stage, plain_file);
    if (!line.failed && !std::isnan(line.value)) gained.emplace_back(line.shrunk, arm);
    choice_.race.push_back(std::move(line));
  }
  std::stable_sort(gained.begin(), gained.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Arm> best;
  for (auto& [gain, arm] : gained) best.push_back(std::move(arm));
  return best;
}

RaceLine Race::line_of(const Arm& arm, const Stage& stage, const compare::PredictionFile& plain_file) {
  const Answers& run = book_.answers_or_again(race_job(plan_, arm, stage));
  RaceLine line{.arm = arm.name,
                .upper = stage.upper,
                .value = metrics::kUndefined,
                .failed = run.failed,
                .rate_times = arm.rate_times};
  if (run.judged.rows.empty()) return line;
  compare::PredictionFile own = book_.after(run, 0);
  line.value = value_of(own, plan_.metric);
  if (std::isnan(line.value)) return line;
  const SelectOptions& options = plan_.options;
  const compare::Comparison seen = compare::compare_blocks(
      {std::move(own)}, {plain_file}, {.metric = plan_.metric, .draws = static_cast<int>(options.draws)});
  const compare::Verdict verdict = compare::judge(seen.differences, {.level = options.level});
  const double prior =
      metrics::has_unit(plan_.metric) ? compare::kWorthAsShare * std::abs(value_of(plain_file, plan_.metric)) : kPrior;
  line.difference = verdict.difference, line.low = verdict.low, line.high = verdict.high;
  line.shrunk =
      verdict.variance > 0 ? line.difference * prior * prior / (prior * prior + verdict.variance) : line.difference;
  return line;
}

// One line: candidates, what their runs are, who judges.
void Race::plan_line(const Spending& spending, size_t arms) {
  std::string text = report::plural(static_cast<int64_t>(arms), "arm") + " race against " + plan_.plain_loss;
  for (const Stage& stage : spending.stages) {
    const bool first = &stage == &spending.stages.front();
    text += first ? "" : fmt::format(", then the best {}", stage.arms);
    text += stage.upper ? fmt::format(" in the upper {} of {} layers", plan_.upper_layers, plan_.layers)
                        : (first ? "" : " in all layers");
    text += fmt::format(" for {} of the schedule", report::percent(stage.schedule, 0));
    if (first) text += fmt::format(" on {} rows", report::count(plan_.blocks[0].learns));
  }
  text += fmt::format("; the best {} judged on {} blocks of {} rows", spending.finalists == 1 ? "is" : "two are",
                      spending.blocks, report::count(plan_.blocks[1].judges));
  choice_.plan = std::move(text);
  say_(choice_.plan);
}

}  // namespace attune::selection
