#include "attune/metrics/class_counts.h"

#include <cmath>

namespace attune::metrics {
namespace {

double ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void add(PRF& sum, const PRF& row, double weight) {
  sum.precision += weight * row.precision;
  sum.recall += weight * row.recall;
  sum.f1 += weight * row.f1;
}

void divide(PRF& sum, double by) {
  if (by == 0) return;
  sum.precision /= by;
  sum.recall /= by;
  sum.f1 /= by;
}

}  // namespace

PRF prf(const ClassCount& count) {
  return {ratio(count.correct, count.predicted), ratio(count.correct, count.gold),
          ratio(2 * count.correct, count.predicted + count.gold)};
}

ClassTable class_table(std::span<const ClassCount> counts, MacroOver over) {
  ClassTable table;
  ClassCount sum;
  for (size_t label = 0; label < counts.size(); ++label) {
    const ClassCount& count = counts[label];
    if (over == MacroOver::present && count.gold == 0 && count.predicted == 0) continue;
    const ClassRow row{static_cast<int32_t>(label), count, prf(count)};
    add(table.macro, row.prf, 1);
    add(table.weighted, row.prf, static_cast<double>(count.gold));
    sum.correct += count.correct;
    sum.predicted += count.predicted;
    sum.gold += count.gold;
    table.rows.push_back(row);
  }
  divide(table.macro, static_cast<double>(table.rows.size()));
  divide(table.weighted, static_cast<double>(sum.gold));
  table.micro = prf(sum);
  table.support = sum.gold;
  return table;
}

double matthews(std::span<const ClassCount> counts) {
  double rows = 0, correct = 0, product = 0, predicted2 = 0, gold2 = 0;
  for (const ClassCount& count : counts) {
    const auto p = static_cast<double>(count.predicted), g = static_cast<double>(count.gold);
    rows += g;
    correct += static_cast<double>(count.correct);
    product += p * g;
    predicted2 += p * p;
    gold2 += g * g;
  }
  const double spread = (rows * rows - predicted2) * (rows * rows - gold2);
  return spread <= 0 ? 0.0 : (correct * rows - product) / std::sqrt(spread);
}

}  // namespace attune::metrics
