#include "cli/quantize_text.h"

#include "attune/models/bert.h"
#include "attune/report/columns.h"
#include "attune/report/compared.h"
#include "attune/report/format.h"

namespace attune::cli {
namespace {

using Found = QuantizeFound;

std::string taken_text(bool accepted) {
  return accepted ? " Taken all the same (--accept-undecided)." : "";
}

std::string verdict_text(const Found& f, const train::HarmFound& found, bool accepted) {
  const std::string matters = report::MetricUnits(f.metric).amount(found.margin);
  switch (found.verdict.harm) {
    case compare::Harm::safe:
      if (found.verdict.by == compare::HarmBy::interval)
        return fmt::format("Safe: a fall of {} is ruled out.", matters);
      return fmt::format("Safe: so few {} that accuracy cannot fall by {}.",
                         found.verdict.by == compare::HarmBy::changed ? "answers change" : "right answers turn wrong",
                         matters);
    case compare::Harm::harmful:
      return fmt::format("Harmful: the fall is larger than {}.", matters);
    case compare::Harm::undecided:
      break;
  }
  return fmt::format("Cannot be decided from {}: a fall of {} is neither ruled out nor shown. {}{}",
                     report::plural(found.changed.rows, "row"), matters,
                     found.verdict.needed ? fmt::format("About {} would decide, were all as it looks.",
                                                        report::count(*found.verdict.needed))
                                          : "More rows like these are not likely to decide; labelled ones may.",
                     taken_text(accepted));
}

// One precision beside the reference: its figures, then the verdict.
std::string found_text(const Found& f, const train::HarmFound& found, const std::string& name, const std::string& model,
                       double level, const std::string& verdict) {
  report::Columns columns;
  columns.column("", report::Align::left).column("", report::Align::left);
  std::string heading = fmt::format("{} against {}, {}", name, f.reference, model);
  if (found.seen) {
    const report::Compared told{.first = name,
                                .second = f.reference,
                                .metric = f.metric,
                                .worth = found.margin,
                                .level = level,
                                .same_runs = true,
                                .seen = *found.seen,
                                .verdict = found.difference};
    heading = report::heading(told);
    columns.row({name, report::side_text(told, &compare::BlockFigures::first)});
    columns.row({f.reference, report::side_text(told, &compare::BlockFigures::second)});
    columns.row({report::difference_title(told), report::difference_text(told)});
  }
  const auto share = [&](const char* title, int64_t count, int64_t rows, double at_most) {
    columns.row({title, fmt::format("{} of {}; {:.2f}% of all at most ({:.4g}%)", report::count(count),
                                    report::count(rows), 100 * at_most, 100 * found.verdict.bound_level)});
  };
  if (found.changed.rows > 0)
    share("answers that change", found.changed.changed, found.changed.rows, found.verdict.changed_at_most);
  if (found.verdict.wrong_at_most)
    share("of them right ones turned wrong", found.seen->blocks[0].only_second_right, found.labelled.rows,
          *found.verdict.wrong_at_most);
  if (!f.cosines.empty()) columns.row({"cosines between both ways", f.cosines});
  return "\n" + report::wrapped(heading, report::kTextWidth, 0) + "\n" + columns.text(report::kTextWidth) + "\n" +
         report::wrapped(verdict, report::kTextWidth, 2);
}

// The parts by how far they turn the answers, and what keeping the first of them left of the harm.
std::string search_text(const Found& f) {
  const train::MixedSearch& search = f.mixed->search;
  const bool labelled = search.tried[0].found.seen.has_value();
  const report::MetricUnits units(f.metric);
  report::Columns columns;
  columns.column(fmt::format("kept in {}", f.reference), report::Align::left);
  columns.column("turns answers by").column("answers that change");
  if (labelled) columns.column(units.points() ? "difference, in points" : "difference");
  columns.column("", report::Align::left);
  for (size_t i = 0; i < search.tried.size(); ++i) {
    const train::HarmFound& found = search.tried[i].found;
    std::vector<std::string> cells{"nothing", ""};
    if (i > 0)
      cells = {(i > 1 ? "and " : "") + models::part_name(search.parts[i - 1].depth),
               fmt::format("{:.1f}%", 100 * search.parts[i - 1].distance)};
    cells.push_back(report::count(found.changed.changed));
    if (labelled) cells.push_back(units.number(found.difference.difference));
    if (search.chosen == i) cells.push_back("taken");
    columns.row(std::move(cells));
  }
  std::string text =
      fmt::format(
          "\nwhich layers bytes harm: how far each alone turns the answers, by every second row ({} of them)\n\n",
          report::count(search.tried[0].found.changed.rows)) +
      columns.text(report::kTextWidth);
  const size_t kept = search.tried.size() - 1;  // the others nobody thought of keeping
  if (kept < search.parts.size())
    text +=
        fmt::format("  the other {}: {:.1f}% at most\n", search.parts.size() - kept, 100 * search.parts[kept].distance);
  return text;
}

}  // namespace

std::string quantize_text(const Found& f, const std::string& model, double level, bool accepted) {
  if (!f.cosines.empty())
    return found_text(f, f.bytes, "int8", model, level,
                      "Cannot be decided from this: whether turned vectors find other texts only a search can tell. "
                      "Compare `attune eval --precision int8` with `attune eval` on judgements of yours." +
                          taken_text(accepted));
  std::string verdict = verdict_text(f, f.bytes, accepted && !f.is_mixed());
  if (f.bytes.verdict.harm == compare::Harm::harmful && !f.is_mixed())
    verdict += fmt::format(" Serve this model in {}.", f.reference);
  std::string text = found_text(f, f.bytes, "int8", model, level, verdict);
  if (!f.mixed) return text;
  text += search_text(f);
  if (!f.mixed->search.chosen)
    return text + "\n" + report::wrapped("No mixture of them left the answers as they were.", report::kTextWidth, 2);
  verdict = verdict_text(f, f.mixed->judged, accepted);
  if (f.mixed->judged.verdict.needed) verdict += " Twice as many in all: half of them choose the layers.";
  if (f.is_mixed())
    verdict += fmt::format(" `--precision int8` keeps {} of {} parts in {} (int8.json).",
                           f.mixed->precision.wide.size(), f.mixed->search.parts.size(), f.reference);
  return text + found_text(f, f.mixed->judged, "mixed", model, level, verdict);
}

}  // namespace attune::cli
