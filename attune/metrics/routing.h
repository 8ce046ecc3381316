// What may go out without a person looking at it: the share of rows that can be routed automatically at a wanted
// precision. Thresholds on the top probability are chosen on one set (dev) and judged on another (test).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/metrics/classification.h"

namespace attune::metrics {

struct RoutingOptions {
  std::vector<double> precisions = {0.90, 0.95, 0.99};
  int64_t min_rows = 10;  // fewer rows above a threshold prove nothing: no such threshold is chosen
};

// A threshold and what it did where it was judged.
struct RoutingRow {
  double precision_wanted = 0;
  bool reachable = false;         // false: no threshold reaches it on at least min_rows of the choosing rows
  double threshold = kUndefined;  // routed where the top probability >= threshold
  double chosen_share = 0;        // on the rows that chose it
  int64_t rows = 0, routed = 0, correct = 0;              // on the judged rows (of the predicted class, in by_class)
  double share = 0;                                       // routed / rows
  double precision = kUndefined;                          // correct / routed; NaN where nothing was routed
  Interval share_interval = {}, precision_interval = {};  // Wilson, 95%
};

struct ClassRouting {
  int32_t label = 0;                   // the predicted class
  std::vector<RoutingRow> own;         // with the class's own thresholds, one a wanted precision
  std::vector<RoutingRow> at_overall;  // with the overall thresholds

  // The class's own threshold where enough rows support one, else the overall one.
  const RoutingRow& used(size_t level) const { return own[level].reachable ? own[level] : at_overall[level]; }
};

struct RoutingTable {
  std::vector<RoutingRow> overall = {};     // one a wanted precision
  std::vector<ClassRouting> by_class = {};  // classes predicted in the choosing or the judged rows, by label
  bool same_rows = false;                   // thresholds were chosen on the judged rows: the figures flatter
};

// The thresholds of `chosen` (all else in it is left aside), judged on these rows. same_rows stays as it was.
RoutingTable apply_routing(const RoutingTable& chosen, std::span<const ClassRecord> judged);

// The threshold with the largest share whose precision on `chosen_on` is at least the wanted one, for all rows and for
// the rows predicted as each class; then applied to `judged`. Pass the same span twice where there is only one set.
RoutingTable route(std::span<const ClassRecord> chosen_on, std::span<const ClassRecord> judged,
                   const RoutingOptions& options = {});

}  // namespace attune::metrics
