// What was measured of the data before any loss is tried: figures by name, each with how many it stands on and, where
// there is one, an interval. Rules (rules.h) read them by name; pages and verdict.json list them in the order in which
// they were set.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attune/metrics/score.h"

namespace attune::selection {

enum class FigureUnit { count, share, ratio, bits, number };

struct Figure {
  std::string name;   // "imbalance_ratio"; what rules and verdict.json call it
  std::string title;  // "largest class against smallest"
  double value = metrics::kUndefined;
  FigureUnit unit = FigureUnit::number;
  int64_t n = 0;  // rows, classes, pairs: what it was measured on
  std::optional<metrics::Interval> interval = {};
  std::string note = {};  // what it means or why it is undefined; may be empty
};

// A row that somebody should look at. Ranked, the most suspicious first.
struct SuspiciousRow {
  std::string place;            // "train.csv line 812"
  std::string reason;           // "the same text stands in train.csv line 3 as 'ham'"
  double suspicion = 0;         // 0 to 1
  std::string label, expected;  // as given; as the model or the twin has it
};

// A loss tried on frozen features (measure/heads.h), against the plain loss on the race's rows, both corrected.
struct HeadTrial {
  std::string loss, of;                      // "oll(alpha=1)" of "oll"
  bool deep = false;                         // a small MLP; else a linear head
  double value = 0;                          // the metric
  double difference = 0, low = 0, high = 0;  // more is better; by rows alone
  bool failed = false;                       // not finite, or one answer for every row
};

class Profile {
 public:
  // Adds a figure, or replaces the one of that name in its place.
  void set(Figure figure);
  const Figure* find(std::string_view name) const;  // null where it was not measured
  double value(std::string_view name) const;        // NaN where it was not measured
  const std::vector<Figure>& figures() const { return figures_; }

  std::vector<SuspiciousRow> suspicious = {};
  std::vector<HeadTrial> heads = {};
  std::vector<std::string> warnings = {};  // what a careful person would look at first
  double seconds = 0;                      // that measuring took: a budget of time pays for it

 private:
  std::vector<Figure> figures_;
};

}  // namespace attune::selection
