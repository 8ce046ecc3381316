// What can be had at a precision, written as a metric:
//
//   recall_at_precision(P)          two classes: the largest recall of the second class over all cuts of its
//   probability recall_at_precision(P, LABEL)   at which precision is at least P; the same of another class; 0 where no
//   cut reaches P coverage_at_precision(P)        the largest share of rows that can be answered automatically: those
//   whose top
//                                   probability is above a cut, with at least P of them right
//
// 0 < P <= 1. Rows of equal probability stand on one side of every cut. More is better.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attune/metrics/statistics.h"

namespace attune::metrics {

struct AtPrecision {
  bool coverage = false;
  double precision = 0;
  std::string label = {};  // recall: empty: the second of two
};

bool is_at_precision(std::string_view metric);
// Errors (usage): no precision, or one outside (0, 1]; a label for coverage.
AtPrecision at_precision_of(std::string_view metric);

// A row as a cut sees it.
struct ScoredRow {
  double score = 0;  // of the class, or of the top answer
  bool hit = false;  // the row is of the class; the top answer is right
};

class AtPrecisionStatistics final : public Statistics {
 public:
  // `name`: as the metric was written.
  AtPrecisionStatistics(std::string name, const AtPrecision& what, std::vector<ScoredRow> rows);
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return static_cast<int64_t>(rows_.size()); }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override;

 private:
  std::vector<std::string> names_;
  AtPrecision what_;
  std::vector<ScoredRow> rows_;
  std::vector<uint32_t> order_;  // by score, the largest first
};

}  // namespace attune::metrics
