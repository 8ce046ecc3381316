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

std::vector<RoutingRow> levels(const Rows& chooser, const Rows& judged, const RoutingOptions& options) {
  std::vector<RoutingRow> rows;
  for (const double precision : options.precisions) {
    rows.push_back(judge(choose(chooser, precision, options.min_rows), judged));
  }
  return rows;
}

std::map<int32_t, std::vector<ClassRecord>> by_prediction(std::span<const ClassRecord> records) {
  std::map<int32_t, std::vector<ClassRecord>> classes;
  for (const ClassRecord& record : records) classes[record.predicted].push_back(record);
  return classes;
}

}  // namespace

RoutingTable route(std::span<const ClassRecord> chosen_on, std::span<const ClassRecord> judged,
                   const RoutingOptions& options) {
  RoutingTable table;
  table.same_rows = chosen_on.data() == judged.data() && chosen_on.size() == judged.size();
  table.overall = levels(sorted_rows(chosen_on), sorted_rows(judged), options);
  const auto chooser = by_prediction(chosen_on);
  auto subject = by_prediction(judged);
  for (const auto& [label, records] : chooser) subject[label];
  for (const auto& [label, records] : subject) {
    const auto found = chooser.find(label);
    const Rows judged_rows = sorted_rows(records);
    const Rows own = found == chooser.end() ? Rows() : sorted_rows(found->second);
    table.by_class.push_back({label, levels(own, judged_rows, options), table.overall});
    for (RoutingRow& row : table.by_class.back().at_overall) row = judge(row, judged_rows);
  }
  return table;
}

}  // namespace attune::metrics
