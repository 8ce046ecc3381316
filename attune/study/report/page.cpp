#include "attune/study/report/page.h"

#include <fmt/format.h>

#include "attune/report/facts.h"
#include "attune/report/format.h"
#include "attune/report/page.h"
#include "attune/report/table.h"
#include "attune/selection/report/page_parts.h"
#include "attune/study/report/page_plots.h"
#include "attune/study/report/words.h"

namespace attune::study {
namespace {

using report::escape, report::Look, report::section, report::Table;

std::string headline(const Outcome& outcome) {
  return fmt::format("<p class=\"verdict answer {}\">{}</p>\n{}", outcome.finalist_proven ? "yes" : "maybe",
                     escape(outcome.sentence), report::facts_html(study_facts(outcome)));
}

std::string html_trials(const Outcome& outcome) {
  Table table({{"trial"},
               {"by", Look::mark},
               {"what differs from the defaults", Look::words},
               {"length"},
               {report::metric_title(outcome.metric)},
               {"runs"},
               {"time"},
               {"", Look::soft}});
  for (const TrialLine& trial : outcome.trials) {
    const std::string state = state_title(trial);
    table.row({std::to_string(trial.number), arm_title(trial.arm), trial_title(trial), length_title(trial.share),
               value_title(outcome.metric, trial.value), std::to_string(trial.runs.size()),
               report::seconds(trial.seconds), is_judged(outcome, trial.number) ? "judged" : state},
              is_judged(outcome, trial.number) ? "tuned"
              : trial.value                    ? ""
                                               : "failed");
  }
  return table.html();
}

std::string html_offers(const Outcome& outcome) {
  Table table({{"trial"},
               {"answers in", Look::mark},
               {report::metric_title(outcome.metric)},
               {"a text"},
               {"weights"},
               {"", Look::soft}});
  for (const Offer& offer : outcome.offers) {
    const std::string title = offer_title(outcome, offer);
    table.row(
        {std::to_string(offer.trial), offer.answering.precision, value_title(outcome.metric, offer.answering.value),
         milliseconds(offer.answering.latency_ms), megabytes(offer.answering.bytes), title},
        title == "judged"    ? "tuned"
        : offer.keeps_limits ? ""
                             : "failed");
  }
  return table.html();
}

std::string html_space(const Outcome& outcome) {
  Table table(
      {{"option", Look::name}, {"searched in", Look::words}, {"default", Look::words}, {"chosen", Look::words}});
  for (const auto& [name, domain] : outcome.space) {
    const auto usual = outcome.defaults.find(name);
    const auto chosen = outcome.chosen.find(name == kRateTimes ? "lr" : name);
    table.row({name, domain, usual == outcome.defaults.end() ? "" : usual->second,
               chosen == outcome.chosen.end() ? "" : (name == kRateTimes ? "lr " : "") + chosen->second});
  }
  return table.html();
}

std::string html_runs(const Outcome& outcome) {
  Table table({{"run", Look::name}, {"length"}, {report::metric_title(outcome.metric)}, {"time"}, {"", Look::soft}});
  const auto add = [&](const RunLine& run) {
    table.row({run.name, length_title(run.share), value_title(outcome.metric, run.value), report::seconds(run.seconds),
               run.state == tune::RunState::finished ? "" : std::string(name(run.state)) + ": " + run.failure},
              run.state == tune::RunState::finished ? "" : "failed");
  };
  for (const RunLine& run : outcome.verdict_runs) add(run);
  for (const TrialLine& trial : outcome.trials)
    for (const RunLine& run : trial.runs) add(run);
  return table.html();
}

std::string paragraph(const std::string& text) {
  return "<p>" + escape(text) + "</p>\n";
}

}  // namespace

std::string to_html(const Outcome& outcome) {
  std::string body =
      section("judgement", std::string("Judged on ") + outcome.judged_on(),
              "To the right of 0 what was found is better. What lies in the shaded band does not matter.",
              selection::plot_differences(outcome.judged) + selection::html_judgements(outcome.judged));
  body += section("search", "The search", escape(search_caveat(outcome)),
                  paragraph("Best in full: " + arms_text(outcome) + ".") + plot_search(outcome) + html_trials(outcome));
  body += section("offers", "What could be served", escape(offers_caveat(outcome)),
                  plot_offers(outcome) + html_offers(outcome));
  body += section(
      "importance", "What mattered", "",
      paragraph(importance_text(outcome.importance)) + plot_importance(outcome.importance) + plot_curves(outcome));
  body += section("space", "The space", "", html_space(outcome));
  body +=
      section("runs", "Runs",
              "Each is an ordinary run: <code>attune train --config jobs/NAME.json --out DIR</code> makes it again.",
              html_runs(outcome));
  std::string notes;
  for (const std::string& note : outcome.notes) notes += paragraph(note);
  body += section("notes", "Notes", "", notes);
  return report::page_html(
      {.title = "Search · " + outcome.task + " · " + outcome.model,
       .headline = headline(outcome),
       .body = body,
       .footer = "Made by attune.",
       .style = std::string(selection::kChoiceStyle) + "svg .whisker{stroke:var(--ink);stroke-width:1.4}\n"});
}

}  // namespace attune::study
