#include "attune/report/text_sections.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/metrics/confusion.h"
#include "attune/report/columns.h"
#include "attune/report/format.h"
#include "attune/report/text.h"

namespace attune::report {
namespace {

constexpr size_t kWorst = 10, kBest = 3, kConfusions = 8, kMistakes = 10, kLeastRoutable = 5;

void class_columns(Columns& columns) {
  columns.column("", Align::left).column("precision").column("recall").column("F1").column("rows").column("predicted");
}

void class_row(Columns& columns, const std::vector<std::string>& names, const metrics::ClassRow& row) {
  columns.row({label_name(names, row.label), fixed(row.prf.precision, 3), fixed(row.prf.recall, 3),
               fixed(row.prf.f1, 3), count(row.count.gold), count(row.count.predicted)});
}

// All classes, or with many the worst and the best by F1.
void class_table(const metrics::ClassTable& table, const std::vector<std::string>& names, TextPage& page) {
  std::vector<metrics::ClassRow> rows = table.rows;
  Columns columns;
  class_columns(columns);
  if (rows.size() <= kWorst + kBest + 2) {
    page.heading("Classes");
    for (const metrics::ClassRow& row : rows) class_row(columns, names, row);
    page.out += columns.text(page.width);
    return;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.prf.f1 < b.prf.f1; });
  page.heading("Classes", fmt::format("the worst {} and the best {} of {} by F1; all of them are in the JSON and HTML "
                                      "reports",
                                      kWorst, kBest, rows.size()));
  for (size_t i = 0; i < kWorst; ++i) class_row(columns, names, rows[i]);
  columns.row({"···"});
  for (size_t i = rows.size() - kBest; i < rows.size(); ++i) class_row(columns, names, rows[i]);
  page.out += columns.text(page.width);
}

void confusions(const std::vector<metrics::ConfusionCell>& cells, const std::vector<std::string>& names,
                TextPage& page) {
  const auto worst = metrics::most_confused(cells, kConfusions);
  if (worst.empty()) return;
  page.heading("Most confused");
  Columns columns;
  columns.column("gold", Align::left).column("", Align::left).column("predicted", Align::left).column("rows");
  for (const auto& cell : worst) {
    columns.row({label_name(names, cell.gold), "→", label_name(names, cell.predicted), count(cell.count)});
  }
  page.out += columns.text(page.width);
}

void tagging(const Report& report, const metrics::TaggingResult& result, TextPage& page) {
  if (!result.entities.rows.empty()) {
    page.heading("Entities", "as conlleval and seqeval's default count them");
    page.out += score_table(result.entities, report.entity_types, metrics::kUndefined);
  }
  page.heading("Words", "every label, O included; its weighted average is mostly O and is not the entity F1");
  page.out += score_table(result.tokens, report.labels, result.token_accuracy);
}

void multilabel(const Report& report, const metrics::MultiLabelResult& result, TextPage& page) {
  page.heading("Labels");
  Columns columns;
  class_columns(columns);
  columns.column("AUROC").column("threshold");
  for (const metrics::ClassRow& row : result.table.rows) {
    columns.row({label_name(report.labels, row.label), fixed(row.prf.precision, 3), fixed(row.prf.recall, 3),
                 fixed(row.prf.f1, 3), count(row.count.gold), count(row.count.predicted),
                 fixed(result.ranks[row.label].auroc, 3), fixed(result.thresholds[row.label], 2)});
  }
  page.out += columns.text(page.width);
}

std::string cut_share(int64_t cut, int64_t all) {
  return all == 0 ? "-"
                  : fmt::format("{} of {} ({})", count(cut), count(all),
                                percent(static_cast<double>(cut) / static_cast<double>(all), 2));
}

// The predicted classes of which the smallest share can be routed at about 95% precision.
void least_routable(const Report& report, TextPage& page) {
  const metrics::RoutingTable& table = report.routing->table;
  if (table.by_class.size() <= 2) return;
  size_t level = 0;
  for (size_t i = 0; i < table.overall.size(); ++i) {
    const auto distance = [&](size_t at) { return std::abs(table.overall[at].precision_wanted - 0.95); };
    if (distance(i) < distance(level)) level = i;
  }
  std::vector<const metrics::ClassRouting*> classes;
  for (const auto& row : table.by_class) {
    if (row.used(level).rows > 0) classes.push_back(&row);
  }
  std::stable_sort(classes.begin(), classes.end(),
                   [&](const auto* a, const auto* b) { return a->used(level).share < b->used(level).share; });
  if (classes.size() > kLeastRoutable) classes.resize(kLeastRoutable);
  page.out +=
      wrapped(fmt::format("By predicted class at {}, the least routable (all are in the JSON and HTML reports):",
                          percent(table.overall[level].precision_wanted, 0)),
              page.width);
  Columns columns;
  columns.column("", Align::left).column("rows").column("routed").column("precision");
  for (const auto* one : classes) {
    const metrics::RoutingRow& row = one->used(level);
    columns.row(
        {label_name(report.labels, one->label), count(row.rows), percent(row.share, 0), percent(row.precision, 0)});
  }
  page.out += columns.text(page.width, 4);
}

}  // namespace

std::string score_table(const metrics::ClassTable& table, const std::vector<std::string>& names, double accuracy,
                        int digits) {
  Columns columns;
  columns.column("").column("precision").column("recall").column("f1-score").column("support");
  const auto line = [&](const std::string& name, const metrics::PRF& prf, int64_t support) {
    columns.row({name, fixed(prf.precision, digits), fixed(prf.recall, digits), fixed(prf.f1, digits),
                 std::to_string(support)});
  };
  for (const metrics::ClassRow& row : table.rows) line(label_name(names, row.label), row.prf, row.count.gold);
  columns.line("");
  if (std::isnan(accuracy)) {
    line("micro avg", table.micro, table.support);
  } else {
    columns.row({"accuracy", "", "", fixed(accuracy, digits), std::to_string(table.support)});
  }
  line("macro avg", table.macro, table.support);
  line("weighted avg", table.weighted, table.support);
  return columns.text(100);
}

void text_detail(const Report& report, const Split& split, TextPage& page) {
  if (const auto* result = std::get_if<metrics::ClassificationResult>(&split.detail)) {
    class_table(result->table, report.labels, page);
    confusions(result->confusion, report.labels, page);
  } else if (const auto* tags = std::get_if<metrics::TaggingResult>(&split.detail)) {
    tagging(report, *tags, page);
    confusions(tags->confusion, report.labels, page);
  } else if (const auto* labels = std::get_if<metrics::MultiLabelResult>(&split.detail)) {
    multilabel(report, *labels, page);
  }
}

void text_routing(const Report& report, TextPage& page) {
  if (!report.routing || report.routing->table.overall.empty()) return;
  const Routing& routing = *report.routing;
  page.heading("Automatic routing", fmt::format("what needs no person to look at it; threshold chosen on {}, figures "
                                                "from {}",
                                                routing.chosen_on, routing.judged_on));
  Columns columns;
  columns.column("wanted precision").column("if probability").column("routed").column("95% interval", Align::left);
  columns.column("precision").column("95% interval", Align::left);
  for (const metrics::RoutingRow& row : routing.table.overall) {
    const std::string wanted = percent(row.precision_wanted, 0);
    if (!row.reachable) {
      columns.row({wanted, "-", "0%", "no threshold on " + routing.chosen_on + " reaches it"});
      continue;
    }
    columns.row({wanted, "at least " + fixed(row.threshold, 3), percent(row.share, 1),
                 metric_interval("accuracy", row.share_interval), percent(row.precision, 1),
                 metric_interval("accuracy", row.precision_interval)});
  }
  page.out += columns.text(page.width);
  if (routing.table.same_rows) {
    page.out += wrapped(
        "The thresholds were chosen on these very rows, so the figures flatter. Chosen on a dev file and judged on a "
        "test file, they do not.",
        page.width);
  }
  least_routable(report, page);
}

void text_truncation(const Report& report, TextPage& page) {
  Columns columns;
  columns.column("", Align::left).column("longest kept").column("rows cut").column("pieces lost");
  if (report.task == "tag") columns.column("words lost");
  int64_t entity_words = 0;
  for (const Split& split : report.splits) {
    if (!split.truncation) continue;
    const Truncation& cut = *split.truncation;
    columns.row({split.name, cut.max_length > 0 ? count(cut.max_length) : "-", cut_share(cut.rows_cut, cut.rows),
                 cut_share(cut.pieces_cut, cut.pieces), cut_share(cut.words_cut, cut.words)});
    entity_words += cut.entity_words_cut;
  }
  if (columns.empty()) return;
  page.heading("Truncation");
  page.out += columns.text(page.width);
  if (entity_words > 0) {
    page.out += wrapped(plural(entity_words, "entity word") + " cut off: counted as missed.", page.width);
  }
}

void text_mistakes(const Report& report, TextPage& page) {
  const Split* split = headline_split(report);
  if (!split || split->mistakes.empty()) return;
  const MistakeWords words = mistake_words(report, *split);
  page.heading(words.title, report.show_texts ? "" : "texts are left out; --report-text shows them");
  const Align side = words.numbers ? Align::right : Align::left;
  Columns columns;
  columns.column("row", Align::left, Cut::start).column(words.gold, side).column(words.predicted, side);
  columns.column(words.probability ? "probability" : "");
  const size_t shown = std::min(kMistakes, split->mistakes.size());
  for (size_t i = 0; i < shown; ++i) {
    const Mistake& one = split->mistakes[i];
    std::string place = fmt::format("{} line {}", one.file, one.line);
    if (!one.place.empty()) place += ", " + one.place;
    columns.row({place, one.gold, one.predicted, std::isnan(one.probability) ? "" : fixed(one.probability, 3)});
    if (report.show_texts) columns.line("  " + one.text);
  }
  page.out += columns.text(page.width);
}

}  // namespace attune::report
