#include "attune/selection/report/words.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/report/format.h"
#include "attune/selection/report/text.h"

namespace attune::selection {
namespace {

std::string number_text(double value, FigureUnit unit) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "no bound" : "below any bound";
  switch (unit) {
    case FigureUnit::count:
      return std::abs(value) < 1e15 ? report::count(std::llround(value)) : report::compact(value);
    case FigureUnit::share:
      return report::percent(value, std::abs(value) < 0.1 ? 2 : 1);
    case FigureUnit::ratio:
      return value >= 100 && value < 1e15 ? report::count(std::llround(value)) : report::compact(value);
    case FigureUnit::bits:
    case FigureUnit::number:
      break;
  }
  return report::compact(value);
}

std::string loss_text(const Choice& c) {
  const std::string what =
      "--loss " + c.loss + (c.rate_times != 1 ? fmt::format(" at {:g} times the learning rate", c.rate_times) : "");
  if (c.loss_is_proven) return what + ": a verdict chose it";
  return what + (c.loss == c.plain_loss ? ": the plain loss; no verdict chose another" : ": no verdict chose it");
}

std::string correction_text(const Choice& c) {
  if (!c.corrections_taken) return "none: no verdict says that they pay";
  if (!c.corrections_pay)
    return "yes, for they lead and cost nothing, though no verdict says that they pay: " + c.correction;
  const bool one_model = std::any_of(c.judgements.begin(), c.judgements.end(), [](const Judgement& judged) {
    return judged.same_runs && judged.seen.blocks.size() == 1;
  });
  return std::string("yes, a verdict says that they pay") + (one_model ? " for this trained model" : "") +
         (c.correction.empty() ? "" : ": " + c.correction);
}

std::string asked_text(const Choice& c) {
  return fmt::format("{}, differences of {} matter, {:g}% intervals{}", report::metric_title(c.metric),
                     amount(c.metric, c.worth), 100 * c.level,
                     c.strict ? "; only what is better by more than that is taken (--strict)" : "");
}

std::string data_text(const Choice& c) {
  std::string files;
  for (const std::string& file : c.files) files += (files.empty() ? "" : ", ") + file;
  if (!files.empty()) files += ": ";
  return fmt::format("{}{} in all; in each block {} to train on and {} to judge by", files,
                     report::plural(c.pool_rows, "row"), report::count(c.train_rows), report::count(c.judge_rows));
}

}  // namespace

std::string signed_amount(const std::string& metric, double difference) {
  const report::MetricUnits units(metric);
  return units.number(difference) + (units.points() && !std::isnan(difference) ? " points" : "");
}

std::string amount(const std::string& metric, double difference) {
  return std::isnan(difference) ? "-" : report::MetricUnits(metric).amount(std::abs(difference));
}

const char* name(Standing standing) {
  switch (standing) {
    case Standing::kept:
      return "kept";
    case Standing::queued:
      return "queued";
    case Standing::ruled_out:
      return "ruled_out";
  }
  return "";
}

report::Compared compared(const Choice& choice, const Judgement& judgement) {
  return {.first = judgement.first,
          .second = judgement.second,
          .metric = choice.metric,
          .worth = choice.worth,
          .level = choice.level,
          .same_runs = judgement.same_runs,
          .seen = judgement.seen,
          .verdict = judgement.verdict};
}

std::string figure_value(const Figure& figure) {
  const std::string number = number_text(figure.value, figure.unit);
  return figure.unit == FigureUnit::bits && std::isfinite(figure.value) ? number + " bits" : number;
}

std::string figure_interval(const Figure& figure) {
  if (!figure.interval || !figure.interval->defined()) return "";
  return number_text(figure.interval->low, figure.unit) + " to " + number_text(figure.interval->high, figure.unit);
}

std::vector<std::pair<std::string, std::string>> choice_facts(const Choice& choice) {
  std::vector<std::pair<std::string, std::string>> facts = {{"train with", loss_text(choice)},
                                                            {"corrections", correction_text(choice)},
                                                            {"judged by", asked_text(choice)},
                                                            {"model", choice.model + ", " + choice.task},
                                                            {"data", data_text(choice)}};
  if (!choice.plan.empty()) facts.emplace_back("plan", choice.plan);
  facts.emplace_back("cost", cost_text(choice));
  return facts;
}

std::string race_caveat(const Choice& choice) {
  const bool gone_on =
      std::any_of(choice.race.begin(), choice.race.end(), [](const RaceLine& line) { return line.finalist; });
  return fmt::format(
      "A race crowns nobody: it is short, one run of each, and the first of many looks better than it is. Its figures "
      "are therefore shrunk, its intervals hold the luck of the rows and not that of the run, and it {}.",
      gone_on ? "only picks who is judged in fresh runs on fresh rows" : "picked nobody to be judged in fresh runs");
}

bool is_plain(const RaceLine& line, const Choice& choice) {
  return line.arm == choice.plain_loss;
}

std::string race_layers(const RaceLine& line) {
  return line.upper ? "upper" : "all";
}

std::string race_arm(const RaceLine& line) {
  return line.arm + (line.upper ? " (upper)" : "");
}

std::string race_mark(const RaceLine& line) {
  return line.failed ? "failed" : line.finalist ? "finalist" : "";
}

const char* class_measure(const Choice& choice) {
  return choice.task == "classify" ? "recall" : "F1";
}

std::string changed_text(const Judgement& judged) {
  int64_t told = 0;  // among the judgement's facts
  for (const auto& block : judged.seen.blocks) told += block.only_first_right + block.only_second_right;
  const std::string title = "rows that the two sides answer differently";
  if (told > 0 || judged.gained + judged.lost == 0) return judged.changed.empty() ? "" : title;
  return fmt::format("{}: {} gained, {} lost, over all runs", title, report::count(judged.gained),
                     report::count(judged.lost));
}

std::string run_state(const RunFigures& run) {
  if (!run.failed) return "";
  return run.failure.empty() ? "failed" : "failed: " + run.failure;
}

std::string strength_text(const Ruling& ruling) {
  if (!ruling.rule) return "";
  const std::string source = ruling.rule->source ? ruling.rule->source : "";
  if (ruling.rule->strength == Strength::none) return "no evidence" + (source.empty() ? "" : ": " + source);
  return std::string(name(ruling.rule->strength)) + " evidence" + (source.empty() ? "" : ": " + source);
}

std::string outlook_text(const Outlook& o, const Choice& choice) {
  std::string text = fmt::format("{}: {:.3g} runs", o.what, o.runs);
  if (o.seconds > 0) text += ", about " + report::seconds(o.seconds);
  text += ".";
  if (o.visible > 0)
    text += fmt::format(" It would see a difference of {} in 4 of 5 cases.", amount(choice.metric, o.visible));
  if (o.undecided > 0)
    text += fmt::format(" Where the true difference is the {} that matter, it ends undecided in {} of cases.",
                        amount(choice.metric, choice.worth), report::percent(o.undecided, 0));
  return text;
}

std::string test_text(const Choice::Test& test, const Choice& choice) {
  const report::MetricUnits units(choice.metric);
  std::string text =
      fmt::format("{}, {}: chosen {}", test.file, report::plural(test.rows, "row"), units.value(test.chosen));
  if (test.interval && test.interval->defined())
    text += fmt::format(" (95% interval {} to {}, by rows alone)", units.value(test.interval->low),
                        units.value(test.interval->high));
  if (!std::isnan(test.plain)) text += ", plain " + units.value(test.plain);
  return text + ". It was looked at once, at the end, and decided nothing.";
}

std::string cost_text(const Choice& choice) {
  const auto failed = std::count_if(choice.runs.begin(), choice.runs.end(), [](const auto& run) { return run.failed; });
  std::string text =
      report::plural(static_cast<int64_t>(choice.runs.size()), "run") + " in " + report::seconds(choice.seconds);
  if (failed > 0) text += fmt::format(", {} of them failed", report::count(failed));
  return text + fmt::format(" (--budget {:g})", choice.budget);
}

}  // namespace attune::selection
