#include "attune/study/report/words.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/report/metric_units.h"
#include "attune/selection/report/text.h"

namespace attune::study {
namespace {

// The best of one arm's trials that ran in full.
const TrialLine* best_of(const Outcome& outcome, tune::Arm arm) {
  for (const TrialLine& trial : outcome.trials)  // as they rank
    if (trial.arm == arm && trial.ran_in_full() && trial.keeps_limits) return &trial;
  return nullptr;
}

int64_t trials_of(const Outcome& outcome, tune::Arm arm) {
  return std::count_if(outcome.trials.begin(), outcome.trials.end(),
                       [&](const TrialLine& trial) { return trial.arm == arm; });
}

std::string limits_text(const Outcome& outcome) {
  std::string text;
  const Limits& limits = outcome.limits;
  if (limits.latency_ms) text += fmt::format(", at most {} a text", milliseconds(*limits.latency_ms));
  if (limits.bytes) text += fmt::format(", at most {} of weights", megabytes(*limits.bytes));
  return text;
}

}  // namespace

std::string trial_title(const TrialLine& trial) {
  if (trial.arm == tune::Arm::defaults) return "the defaults";
  return trial.changes.empty() ? "as the defaults" : trial.changes;
}

std::string arm_title(tune::Arm arm) {
  return arm == tune::Arm::sampled ? "model" : name(arm);
}

std::string length_title(double share) {
  if (share <= 0) return "-";
  return share == 1 ? "full" : fmt::format("1/{:.0f}", 1 / share);
}

std::string state_title(const TrialLine& trial) {
  if (!trial.keeps_limits) return "breaks a limit";
  for (const RunLine& run : trial.runs)
    if (run.state == tune::RunState::failed) return "failed: " + run.failure;
  for (const RunLine& run : trial.runs)
    if (run.state == tune::RunState::stopped) return "stopped: " + run.failure;
  return "";
}

std::string value_title(const std::string& metric, const std::optional<double>& value) {
  return value ? report::MetricUnits(metric).value(*value) : "-";
}

std::string milliseconds(double value) {
  return report::compact(value) + " ms";
}

std::string megabytes(double value) {
  return fmt::format("{:.1f} MB", value / 1e6);
}

std::string offers_caveat(const Outcome& outcome) {
  return fmt::format(
      "Each trial that ran in full, in each precision that it may answer in, by the {} rows that judge the search; a "
      "text: median of single texts on this machine; weights: as they are held.",
      report::count(outcome.search.judges));
}

bool is_judged(const Outcome& outcome, int64_t trial) {
  return outcome.finalist && outcome.finalist->trial == trial;
}

std::string offer_title(const Outcome& outcome, const Offer& offer) {
  if (is_judged(outcome, offer.trial) && outcome.finalist->precision == offer.answering.precision) return "judged";
  return !offer.keeps_limits ? "breaks a limit" : offer.on_front ? "not beaten" : "";
}

std::vector<std::pair<std::string, std::string>> study_facts(const Outcome& outcome) {
  std::vector<std::pair<std::string, std::string>> facts;
  facts.emplace_back("train with", outcome.chosen_text);
  if (outcome.test) {
    std::string value = value_title(outcome.metric, outcome.test->value);
    if (outcome.test->interval)
      value += fmt::format(" ({} to {})", value_title(outcome.metric, outcome.test->interval->low),
                           value_title(outcome.metric, outcome.test->interval->high));
    facts.emplace_back("test", fmt::format("{} {} on {} of {}, asked once", report::metric_title(outcome.metric), value,
                                           report::plural(outcome.test->rows, "row"), outcome.test->file));
  }
  facts.emplace_back(
      "asked", fmt::format("{}, differences of {} matter, {:g}% intervals{}", report::metric_title(outcome.metric),
                           selection::amount(outcome.metric, outcome.judged.worth), 100 * outcome.judged.level,
                           limits_text(outcome)));
  facts.emplace_back("rows",
                     fmt::format("{}: in the search {} learn and {} judge; in the judgement {} learn and {} judge",
                                 report::plural(outcome.pool_rows, "row"), report::count(outcome.search.learns),
                                 report::count(outcome.search.judges), report::count(outcome.verdict.learns),
                                 report::count(outcome.verdict.judges)));
  size_t runs = outcome.verdict_runs.size();
  for (const TrialLine& trial : outcome.trials) runs += trial.runs.size();
  facts.emplace_back("took", fmt::format("{} of {}: {} trials, {} runs", report::seconds(std::round(outcome.seconds)),
                                         report::seconds(outcome.budget), outcome.trials.size(), runs));
  return facts;
}

std::string search_caveat(const Outcome& outcome) {
  return fmt::format(
      "By the {} rows that judge the search, on which the best of many looks better than it is; values compare within "
      "one length.",
      report::count(outcome.search.judges));
}

std::string arms_text(const Outcome& outcome) {
  const TrialLine* defaults = best_of(outcome, tune::Arm::defaults);
  std::string text;
  for (const tune::Arm arm : {tune::Arm::defaults, tune::Arm::random, tune::Arm::sampled}) {
    const TrialLine* best = best_of(outcome, arm);
    const int64_t count = trials_of(outcome, arm);
    if (count == 0) continue;
    if (!text.empty()) text += "; ";
    text += arm == tune::Arm::defaults ? std::string("the defaults")
            : arm == tune::Arm::random ? fmt::format("the best of {} at random", count)
                                       : fmt::format("the best of {} by the model", count);
    text += best ? " " + value_title(outcome.metric, best->value) : " -";
    if (best && defaults && best != defaults)
      text += fmt::format(" ({})", selection::signed_amount(outcome.metric, *best->value - *defaults->value));
  }
  return text;
}

std::string share_text(const tune::Share& share) {
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", share.share, share.low, share.high);
}

std::string importance_text(const tune::Importance& importance) {
  if (!importance.too_little.empty()) return "Nothing can be said: " + importance.too_little + ".";
  return fmt::format(
      "Share of the variation that an option explains by itself, from {} trials of length {}; a forest foretells what "
      "it did not see with R2 {:.2f}.",
      importance.trials, length_title(importance.fidelity), importance.r2);
}

}  // namespace attune::study
