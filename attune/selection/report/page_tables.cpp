#include <algorithm>
#include <fmt/format.h>

#include "attune/report/format.h"
#include "attune/report/page.h"
#include "attune/report/table.h"
#include "attune/selection/report/page_parts.h"
#include "attune/selection/report/words.h"

namespace attune::selection {
namespace {

using report::escape;

using report::Look, report::Table;

std::string changed_rows(const Judgement& judged) {
  const std::string title = changed_text(judged);
  if (title.empty()) return "";
  Table table({{"row", Look::name},
               {"gold", Look::words},
               {"first says", Look::words},
               {"second says", Look::words},
               {"in runs"}});
  for (const ChangedRow& row : judged.changed)
    table.row({row.place, row.gold, row.first, row.second, report::count(row.blocks)});
  return fmt::format("<h4>{}</h4>\n{}", escape(title), table.html());
}

// "yes" where the first side wins, "no" where it loses.
const char* look_of(const compare::Verdict& verdict) {
  if (verdict.state == compare::State::undecided || verdict.state == compare::State::no_difference) return "maybe";
  return verdict.difference > 0 ? "yes" : "no";
}

std::string judgement(const Choice& choice, const Judgement& judged) {
  const report::Compared told = compared(choice, judged);
  Table figures({{"", Look::name}, {"", Look::words}});
  figures.row({told.first, report::side_text(told, &compare::BlockFigures::first)});
  figures.row({told.second, report::side_text(told, &compare::BlockFigures::second)});
  figures.row({report::difference_title(told), report::difference_text(told)}, "tuned");
  for (const auto& [title, value] : report::verdict_facts(told)) figures.row({title, value});
  std::string out =
      fmt::format("<article>\n<h3>{}</h3>\n<p class=\"verdict {}\">{}.</p>\n{}{}{}", escape(report::heading(told)),
                  look_of(judged.verdict), escape(report::state_text(told)), figures.html(),
                  plot_class_changes(choice, judged), changed_rows(judged));
  for (const std::string& note : judged.seen.notes) out += fmt::format("<p class=\"note\">{}</p>\n", escape(note));
  return out + "</article>\n";
}

std::string suspicious_rows(const Profile& profile) {
  Table table(
      {{"row", Look::name}, {"label", Look::words}, {"expected", Look::words}, {"suspicion"}, {"why", Look::soft}});
  for (const SuspiciousRow& row : profile.suspicious)
    table.row({row.place, row.label, row.expected, report::fixed(row.suspicion, 2), row.reason});
  const std::string rows = table.html();
  return rows.empty() ? "" : "<h3>Rows that somebody should look at, the most suspicious first</h3>\n" + rows;
}

std::string source_text(const Rule* rule) {
  if (!rule) return "";
  std::string text = rule->source ? rule->source : "";
  for (const MeasuredGain& gain : rule->measured)
    text += fmt::format("; measured {}: {:+.1f} ({:.1f}) points on {}", gain.on.date, gain.points, gain.error,
                        gain.on.data);
  return text;
}

std::string rulings_table(const std::vector<Ruling>& rulings, Standing standing, const char* title) {
  Table table({{"loss", Look::name},
               {"why", Look::words},
               {"evidence", Look::mark},
               {"what was found", Look::soft},
               {"source", Look::soft}});
  for (const Ruling& ruling : rulings)
    if (ruling.standing == standing)
      table.row({ruling.loss, ruling.why, ruling.rule ? name(ruling.rule->strength) : "",
                 ruling.rule && ruling.rule->evidence ? ruling.rule->evidence : "", source_text(ruling.rule)});
  const std::string rows = table.html();
  return rows.empty() ? "" : fmt::format("<h3>{}</h3>\n{}", title, rows);
}

}  // namespace

std::string html_judgements(const Choice& choice) {
  std::string out;
  for (const Judgement& judged : choice.judgements) out += judgement(choice, judged);
  return out;
}

std::string html_race(const Choice& choice) {
  const report::MetricUnits units(choice.metric);
  const std::string in = units.points() ? ", in points" : "";
  Table table({{"arm", Look::name},
               {"layers", Look::words},
               {report::metric_title(choice.metric)},
               {"difference" + in},
               {fmt::format("{:g}% interval by rows alone", 100 * choice.level)},
               {"shrunk" + in},
               {"", Look::words}});
  for (const RaceLine& line : choice.race) {
    const bool told = !line.failed && !is_plain(line, choice);
    const auto known = [&](const std::string& text) { return told ? text : ""; };
    table.row({line.arm, race_layers(line), units.value(line.value), known(units.number(line.difference)),
               known(units.number(line.low) + " to " + units.number(line.high)), known(units.number(line.shrunk)),
               race_mark(line)},
              line.finalist ? "tuned"
              : line.failed ? "failed"
                            : "");
  }
  return table.html();
}

std::string html_profile(const Profile& profile) {
  Table table({{"figure", Look::name}, {"value"}, {"95% interval"}, {"n"}, {"note", Look::soft}});
  for (const Figure& figure : profile.figures())
    table.row({figure.title, figure_value(figure), figure_interval(figure), report::count(figure.n), figure.note});
  std::string warnings;
  for (const std::string& warning : profile.warnings)
    warnings += fmt::format("<p class=\"verdict maybe\">{}</p>\n", escape(warning));
  return warnings + table.html() + suspicious_rows(profile);
}

std::string html_rulings(const Choice& choice) {
  return rulings_table(choice.rulings, Standing::kept, "Worth a try, in this order") +
         rulings_table(choice.rulings, Standing::queued, "Waiting behind them") +
         rulings_table(choice.rulings, Standing::ruled_out, "Ruled out");
}

std::string html_runs(const Choice& choice) {
  const report::MetricUnits units(choice.metric);
  Table table({{"run", Look::name},
               {"for", Look::mark},
               {"loss", Look::words},
               {"rate"},
               {"epochs"},
               {"seed"},
               {report::metric_title(choice.metric)},
               {"corrected"},
               {"correction", Look::mark},
               {"time"},
               {"", Look::words}});
  for (const RunFigures& run : choice.runs)
    table.row({run.name, run.purpose, run.loss, report::compact(run.rate), report::compact(run.epochs),
               std::to_string(run.seed), units.value(run.plain), units.value(run.corrected), run.correction,
               report::seconds(run.seconds), run_state(run)},
              run.failed ? "failed" : "");
  return table.html();
}

}  // namespace attune::selection
