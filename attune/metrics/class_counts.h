// Precision, recall, F1 and Matthews correlation from three counts a class. Division by zero gives 0, as
// scikit-learn's classification_report does with zero_division=0.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/metrics/score.h"

namespace attune::metrics {

struct ClassCount {
  int64_t correct = 0;    // rows of the class that were predicted as it (true positives)
  int64_t predicted = 0;  // rows predicted as it
  int64_t gold = 0;       // rows of it: its support
};

struct PRF {
  double precision = 0, recall = 0, f1 = 0;
};
// correct/predicted, correct/gold, 2 correct/(predicted + gold).
PRF prf(const ClassCount& count);

struct ClassRow {
  int32_t label;  // index into the run's labels
  ClassCount count;
  PRF prf;
};

// Which labels a macro mean is over: those present in gold or predictions (single-label, entities), or all
// (multi-label, as scikit-learn averages the columns of an indicator matrix).
enum class MacroOver { present, all };

// The rows of a classification report and its averages. `rows` holds the labels of MacroOver, in label order.
struct ClassTable {
  std::vector<ClassRow> rows;
  PRF micro, macro, weighted;  // weighted by support
  int64_t support = 0;
};
ClassTable class_table(std::span<const ClassCount> counts, MacroOver over);

// Matthews correlation for K classes from counts (J. Gorodkin 2004, as scikit-learn writes it):
// (c s - sum p_k g_k) / sqrt((s^2 - sum p_k^2)(s^2 - sum g_k^2)), c correct of s rows; 0 where a factor is 0. The
// predictions that name no class (cut-off words) must not occur.
double matthews(std::span<const ClassCount> counts);

}  // namespace attune::metrics
