#include "attune/study/report/text.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/facts.h"
#include "attune/report/format.h"
#include "attune/selection/report/text.h"
#include "attune/study/report/words.h"

namespace attune::study {
namespace {

using report::Align, report::Columns;

constexpr size_t kMostTrials = 10;  // the page has all of them

std::string lines(const std::string& text, int indent) {
  return report::paragraph(text, report::kTextWidth, indent);
}

std::string trials_text(const Outcome& outcome) {
  Columns columns;
  columns.column("trial").column("by", Align::left).column("what differs", Align::left).column("length");
  columns.column(report::metric_title(outcome.metric)).column("time");
  columns.column("", Align::left);
  for (size_t i = 0; i < std::min(outcome.trials.size(), kMostTrials); ++i) {
    const TrialLine& trial = outcome.trials[i];
    std::vector<std::string> cells{std::to_string(trial.number),
                                   arm_title(trial.arm),
                                   trial_title(trial),
                                   length_title(trial.share),
                                   value_title(outcome.metric, trial.value),
                                   report::seconds(trial.seconds)};
    const std::string state = state_title(trial);
    cells.push_back(is_judged(outcome, trial.number) ? "judged" : state);
    columns.row(std::move(cells));
  }
  const size_t more = outcome.trials.size() - std::min(outcome.trials.size(), kMostTrials);
  return "\nThe search\n" + columns.text(report::kTextWidth) +
         (more > 0 ? fmt::format("  and {} more, on the page\n", more) : "") + lines(search_caveat(outcome), 2) +
         lines("Best in full: " + arms_text(outcome) + ".", 2);
}

std::string offers_text(const Outcome& outcome) {
  if (outcome.offers.empty()) return "";
  Columns columns;
  columns.column("trial").column("answers in", Align::left).column(report::metric_title(outcome.metric));
  columns.column("a text").column("weights").column("", Align::left);
  for (size_t i = 0; i < std::min(outcome.offers.size(), kMostTrials); ++i) {
    const Offer& offer = outcome.offers[i];
    columns.row({std::to_string(offer.trial), offer.answering.precision,
                 value_title(outcome.metric, offer.answering.value), milliseconds(offer.answering.latency_ms),
                 megabytes(offer.answering.bytes), offer_title(outcome, offer)});
  }
  return "\nWhat could be served, by the same rows\n" + columns.text(report::kTextWidth);
}

std::string what_mattered(const Outcome& outcome) {
  std::string text = "\nWhat mattered\n" + lines(importance_text(outcome.importance), 2);
  if (outcome.importance.shares.empty()) return text;
  Columns columns;
  columns.column("option", Align::left).column("share").column("95% interval").column("where it exists");
  for (const tune::Share& share : outcome.importance.shares)
    columns.row({share.dimensions[0], fmt::format("{:.2f}", share.share),
                 fmt::format("{:.2f} to {:.2f}", share.low, share.high),
                 share.exists < 1 ? report::percent(share.exists, 0) + " of the space" : ""});
  return text + columns.text(report::kTextWidth);
}

}  // namespace

std::string to_text(const Outcome& outcome) {
  std::string text =
      "\n" + lines(outcome.sentence, 0) + "\n" + report::facts_text(study_facts(outcome), report::kTextWidth);
  for (const auto& judged : outcome.judged.judgements) text += selection::judgement_text(outcome.judged, judged);
  text += trials_text(outcome) + offers_text(outcome) + what_mattered(outcome);
  for (const std::string& note : outcome.notes) text += "\n" + lines("note: " + note, 0);
  return text + "\n";
}

std::string to_text(const Standings& standings, int width, size_t most) {
  Columns columns;
  columns.column("trial").column("by", Align::left).column("what differs", Align::left).column("length");
  columns.column(report::metric_title(standings.metric)).column("time").column("", Align::left);
  size_t shown = 0;
  for (const TrialLine& trial : standings.trials) {
    if (!trial.value || shown == most) break;
    ++shown;
    columns.row({std::to_string(trial.number), arm_title(trial.arm), trial_title(trial), length_title(trial.share),
                 value_title(standings.metric, trial.value), report::seconds(trial.seconds),
                 trial.keeps_limits ? "" : "breaks a limit"});
  }
  return fmt::format("{} of {}, {}{}\n", report::seconds(std::round(standings.now)), report::seconds(standings.budget),
                     report::plural(std::ssize(standings.trials), "trial"),
                     standings.verdict.empty() ? "" : fmt::format(", judging: {} runs", standings.verdict.size())) +
         (shown > 0 ? columns.text(width) : "");
}

}  // namespace attune::study
