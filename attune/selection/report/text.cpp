#include "attune/selection/report/text.h"

#include <algorithm>
#include <fmt/format.h>

#include "attune/report/columns.h"
#include "attune/report/facts.h"
#include "attune/report/format.h"
#include "attune/selection/report/words.h"

namespace attune::selection {
namespace {

using report::Align, report::Columns;

constexpr size_t kMostRows = 5;  // of lists that the page has whole

std::string lines(std::string_view text, int indent) {
  return report::paragraph(text, report::kTextWidth, indent);
}

std::string facts(const report::Facts& all) {
  return report::facts_text(all, report::kTextWidth);
}

std::string more_text(size_t all) {
  return all > kMostRows ? fmt::format("  and {} more, on the page\n", all - kMostRows) : "";
}

std::string classes_text(const Choice& choice, const Judgement& judged) {
  if (judged.classes.empty()) return "";
  const report::MetricUnits points("accuracy");
  Columns columns;
  columns.column("changed most", Align::left).column("rows");
  columns.column("first " + std::string(class_measure(choice))).column("second").column("in points");
  for (size_t i = 0; i < std::min(judged.classes.size(), kMostRows); ++i) {
    const ClassChange& change = judged.classes[i];
    columns.row({change.label, report::count(change.rows), report::fixed(change.first, 3),
                 report::fixed(change.second, 3), points.number(change.first - change.second)});
  }
  return "\n" + columns.text(report::kTextWidth) + more_text(judged.classes.size());
}

std::string changed_rows_text(const Judgement& judged) {
  const std::string title = changed_text(judged);
  if (title.empty()) return "";
  std::string text = "\n  " + title + "\n";
  if (judged.changed.empty()) return text;
  Columns columns;
  columns.column("row", Align::left, report::Cut::start).column("is", Align::left).column("first says", Align::left);
  columns.column("second says", Align::left).column("runs");
  for (size_t i = 0; i < std::min(judged.changed.size(), kMostRows); ++i) {
    const ChangedRow& row = judged.changed[i];
    columns.row({row.place, row.gold, row.first, row.second, report::count(row.blocks)});
  }
  return text + columns.text(report::kTextWidth) + more_text(judged.changed.size());
}

std::string race_text(const Choice& choice) {
  if (choice.race.empty()) return "";
  const report::MetricUnits units(choice.metric);
  Columns columns;
  columns.column("arm", Align::left)
      .column("layers", Align::left)
      .column(report::metric_title(choice.metric))
      .column("difference");
  columns.column(fmt::format("{:g}% by rows", 100 * choice.level)).column("shrunk").column("", Align::left);
  for (const RaceLine& line : choice.race) {
    const bool told = !line.failed && !is_plain(line, choice);
    const auto known = [&](const std::string& text) { return told ? text : ""; };
    columns.row({line.arm, race_layers(line), units.value(line.value), known(units.number(line.difference)),
                 known(units.number(line.low) + " to " + units.number(line.high)), known(units.number(line.shrunk)),
                 race_mark(line)});
  }
  return fmt::format("\nRace against {}{}\n", report::printable(choice.plain_loss),
                     units.points() ? ", differences in points" : "") +
         columns.text(report::kTextWidth) + lines(race_caveat(choice), 2);
}

std::string profile_lines(const Profile& profile) {
  std::string text;
  if (!profile.figures().empty()) {
    Columns columns;
    columns.column("", Align::left).column("").column("95%").column("n");
    for (const Figure& figure : profile.figures())
      columns.row({figure.title, figure_value(figure), figure_interval(figure), report::count(figure.n)});
    // Below each figure what there is to say of it.
    const std::string table = columns.text(report::kTextWidth);
    size_t at = 0;
    const auto next = [&] {
      const size_t end = table.find('\n', at) + 1;
      text += table.substr(at, end - at), at = end;
    };
    next();
    for (const Figure& figure : profile.figures()) next(), text += lines(figure.note, 6);
  }
  for (const std::string& warning : profile.warnings) text += lines("look at this first: " + warning, 2);
  if (!profile.suspicious.empty()) {
    text += "\n  rows that somebody should look at\n";
    Columns rows;
    rows.column("", Align::left, report::Cut::start).column("", Align::left).column("", Align::left);
    for (size_t i = 0; i < std::min(profile.suspicious.size(), kMostRows); ++i) {
      const SuspiciousRow& row = profile.suspicious[i];
      rows.row({row.place, row.expected.empty() ? row.label : row.label + ", expected " + row.expected, row.reason});
    }
    text += rows.text(report::kTextWidth, 4) + more_text(profile.suspicious.size());
  }
  return text.empty() ? "" : "\nMeasured before any loss was tried\n" + text;
}

std::string rulings_text(const std::vector<Ruling>& rulings) {
  std::string kept, queued, out;
  std::vector<std::pair<std::string, std::string>> reasons;  // why, losses
  for (const Ruling& ruling : rulings) {
    if (ruling.standing == Standing::kept) {
      const std::string strength = strength_text(ruling);
      kept += lines(fmt::format("{}: {}{}", ruling.loss, ruling.why, strength.empty() ? "" : " (" + strength + ")"), 4);
    } else if (ruling.standing == Standing::queued) {
      queued += (queued.empty() ? "" : ", ") + ruling.loss;
    } else {
      auto found =
          std::find_if(reasons.begin(), reasons.end(), [&](const auto& one) { return one.first == ruling.why; });
      if (found == reasons.end()) found = reasons.insert(reasons.end(), {ruling.why, ""});
      found->second += (found->second.empty() ? "" : ", ") + ruling.loss;
    }
  }
  for (const auto& [why, losses] : reasons) out += lines(fmt::format("{}: {}", losses, why), 4);
  std::string text;
  if (!kept.empty()) text += "  worth a try, in this order\n" + kept;
  if (!queued.empty()) text += "  waiting behind them\n" + lines(queued, 4);
  if (!out.empty()) text += "  ruled out\n" + out;
  return text.empty() ? "" : "\nLosses, by rule\n" + text;
}

std::string runs_text(const Choice& choice) {
  if (choice.runs.empty()) return "";
  const report::MetricUnits units(choice.metric);
  Columns columns;
  columns.column("run", Align::left).column("loss", Align::left).column("rate").column("epochs").column("seed");
  columns.column(report::metric_title(choice.metric)).column("corrected").column("time").column("", Align::left);
  for (const RunFigures& run : choice.runs)
    columns.row({run.purpose, run.loss, report::compact(run.rate), report::compact(run.epochs),
                 std::to_string(run.seed), units.value(run.plain), units.value(run.corrected),
                 report::seconds(run.seconds), run_state(run)});
  return "\nRuns\n" + columns.text(report::kTextWidth);
}

}  // namespace

std::string judgement_text(const Choice& choice, const Judgement& judged) {
  const report::Compared told = compared(choice, judged);
  Columns columns;
  columns.column("", Align::left).column("", Align::left);
  columns.row({told.first, report::side_text(told, &compare::BlockFigures::first)});
  columns.row({told.second, report::side_text(told, &compare::BlockFigures::second)});
  columns.row({report::difference_title(told), report::difference_text(told)});
  std::string text = "\n" + lines(report::heading(told), 0) + "\n" + columns.text(report::kTextWidth) + "\n" +
                     lines(report::state_text(told) + ".", 2) + "\n" + facts(report::verdict_facts(told));
  text += classes_text(choice, judged) + changed_rows_text(judged);
  for (const std::string& note : judged.seen.notes) text += "\n" + lines("note: " + note, 2);
  return text;
}

std::string to_text(const Choice& choice) {
  std::string text = "\n" + lines(choice.sentence, 0) + "\n" + facts(choice_facts(choice));
  for (const Judgement& judged : choice.judgements) text += judgement_text(choice, judged);
  text += race_text(choice) + profile_lines(choice.profile) + rulings_text(choice.rulings) + runs_text(choice);
  if (choice.outlook) text += "\nNext\n" + lines(outlook_text(*choice.outlook, choice), 2);
  if (choice.test) text += "\nKept for the end\n" + lines(test_text(*choice.test, choice), 2);
  for (const std::string& note : choice.notes) text += "\n" + lines("note: " + note, 0);
  return text + "\n";
}

}  // namespace attune::selection
