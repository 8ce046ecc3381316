#include "attune/selection/report/page.h"

#include <fmt/format.h>

#include "attune/report/facts.h"
#include "attune/report/page.h"
#include "attune/selection/report/page_parts.h"
#include "attune/selection/report/words.h"

namespace attune::selection {
namespace {

using report::escape, report::section;

std::string headline(const Choice& choice) {
  const bool says = choice.loss_is_proven || choice.corrections_pay;
  return fmt::format("<p class=\"verdict answer {}\">{}</p>\n{}", says ? "yes" : "maybe", escape(choice.sentence),
                     report::facts_html(choice_facts(choice)));
}

std::string paragraph(const std::string& text) {
  return "<p>" + escape(text) + "</p>";
}

}  // namespace

std::string to_html(const Choice& choice) {
  std::string body =
      section("differences", "Differences",
              "To the right of 0 the first of the two named is better. What lies in the shaded band does "
              "not matter.",
              plot_differences(choice));
  body += section("judgements", "Judged", "", html_judgements(choice));
  body += section("race", "Race", escape(race_caveat(choice)), html_race(choice));
  body += section("profile", "Measured before any loss was tried", "", html_profile(choice.profile));
  body += section("rules", "Losses, by rule",
                  "A rule rules out by the kind of task or metric, or on strong evidence; weaker evidence orders the "
                  "queue. Thresholds are start values, unless it says when they were last fitted.",
                  html_rulings(choice));
  body += section("runs", "Runs", escape(cost_text(choice)), html_runs(choice));
  if (choice.outlook) body += section("next", "Next", "", paragraph(outlook_text(*choice.outlook, choice)));
  if (choice.test) body += section("test", "Kept for the end", "", paragraph(test_text(*choice.test, choice)));
  std::string notes;
  for (const std::string& note : choice.notes) notes += paragraph(note) + "\n";
  body += section("notes", "Notes", "", notes);
  return report::page_html({.title = "Choice of the loss · " + choice.task + " · " + choice.model,
                            .headline = headline(choice),
                            .body = body,
                            .footer = "Made by attune.",
                            .style = kChoiceStyle});
}

}  // namespace attune::selection
