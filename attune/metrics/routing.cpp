#include "attune/metrics/routing.h"

#include <algorithm>
#include <map>

namespace attune::metrics {
namespace {

struct Judged {
  float probability;
  bool correct;
};
using Rows = std::vector<Judged>;

Rows sorted_rows(std::span<const ClassRecord> records) {
  Rows rows;
  for (const ClassRecord& record : records) rows.push_back({record.top_probability, record.gold == record.predicted});
  std::stable_sort(rows.begin(), rows.end(), [](Judged a, Judged b) { return a.probability > b.probability; });
  return rows;
}

// Chooses on `chooser` (most probable first); leaves the row unreachable where no threshold will do.
RoutingRow choose(const Rows& chooser, double precision, int64_t min_rows) {
  RoutingRow row{.precision_wanted = precision};
  int64_t correct = 0;
  for (size_t at = 0; at < chooser.size(); ++at) {
    correct += chooser[at].correct;
    if (at + 1 < chooser.size() && chooser[at + 1].probability == chooser[at].probability) continue;
    const auto taken = static_cast<int64_t>(at) + 1;
    if (taken < min_rows || static_cast<double>(correct) < precision * static_cast<double>(taken)) continue;
    row.reachable = true;
    row.threshold = static_cast<double>(chooser[at].probability);
    row.chosen_share = static_cast<double>(taken) / static_cast<double>(chooser.size());
  }
  return row;
}

// The threshold of `chosen`, judged on these rows (most probable first).
RoutingRow judge(const RoutingRow& chosen, const Rows& judged) {
  RoutingRow row{.precision_wanted = chosen.precision_wanted,
                 .reachable = chosen.reachable,
                 .threshold = chosen.threshold,
                 .chosen_share = chosen.chosen_share};
  row.rows = static_cast<int64_t>(judged.size());
  if (!row.reachable) return row;
  for (const Judged& one : judged) {
    if (static_cast<double>(one.probability) < row.threshold) break;
    ++row.routed;
    row.correct += one.correct;
  }
  const auto rows = static_cast<double>(row.rows), routed = static_cast<double>(row.routed);
  if (row.rows > 0) row.share = routed / rows;
  if (row.routed > 0) row.precision = static_cast<double>(row.correct) / routed;
  row.share_interval = wilson(routed, rows);
  row.precision_interval = wilson(static_cast<double>(row.correct), routed);
  return row;
}

std::vector<RoutingRow> chosen_levels(const Rows& chooser, const RoutingOptions& options) {
  std::vector<RoutingRow> rows;
  for (const double precision : options.precisions) rows.push_back(choose(chooser, precision, options.min_rows));
  return rows;
}

std::vector<RoutingRow> judged_levels(const std::vector<RoutingRow>& chosen, const Rows& judged) {
  std::vector<RoutingRow> rows;
  for (const RoutingRow& row : chosen) rows.push_back(judge(row, judged));
  return rows;
}

std::map<int32_t, std::vector<ClassRecord>> by_prediction(std::span<const ClassRecord> records) {
  std::map<int32_t, std::vector<ClassRecord>> classes;
  for (const ClassRecord& record : records) classes[record.predicted].push_back(record);
  return classes;
}

RoutingTable choose_thresholds(std::span<const ClassRecord> rows, const RoutingOptions& options) {
  RoutingTable table{.overall = chosen_levels(sorted_rows(rows), options)};
  for (const auto& [label, records] : by_prediction(rows))
    table.by_class.push_back({label, chosen_levels(sorted_rows(records), options), {}});
  return table;
}

}  // namespace

RoutingTable apply_routing(const RoutingTable& chosen, std::span<const ClassRecord> judged) {
  RoutingTable table{.overall = judged_levels(chosen.overall, sorted_rows(judged)), .same_rows = chosen.same_rows};
  std::map<int32_t, std::vector<RoutingRow>> own;
  for (const ClassRouting& row : chosen.by_class) own[row.label] = row.own;
  auto subject = by_prediction(judged);
  for (const auto& [label, levels] : own) subject[label];
  for (const auto& [label, records] : subject) {
    const Rows rows = sorted_rows(records);
    std::vector<RoutingRow>& levels = own[label];
    // A class that the choosing rows were never predicted as has no threshold of its own.
    for (size_t i = levels.size(); i < table.overall.size(); ++i)
      levels.push_back({.precision_wanted = table.overall[i].precision_wanted});
    table.by_class.push_back({label, judged_levels(levels, rows), judged_levels(table.overall, rows)});
  }
  return table;
}

RoutingTable route(std::span<const ClassRecord> chosen_on, std::span<const ClassRecord> judged,
                   const RoutingOptions& options) {
  RoutingTable chosen = choose_thresholds(chosen_on, options);
  chosen.same_rows = chosen_on.data() == judged.data() && chosen_on.size() == judged.size();
  return apply_routing(chosen, judged);
}

}  // namespace attune::metrics
