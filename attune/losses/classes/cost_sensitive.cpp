#include "attune/losses/classes/cost_sensitive.h"

#include "attune/base/error.h"
#include "attune/losses/shared/class_loss.h"
#include "attune/losses/shared/numbers_in_text.h"

namespace attune::losses {
namespace {

// [K * K]; every mistake 1 where nothing is given.
std::vector<double> cost_matrix(const std::string& text, int64_t labels) {
  const auto k = static_cast<size_t>(labels);
  std::vector<double> costs(k * k, 1.0);
  for (size_t c = 0; c < k; ++c) costs[c * k + c] = 0;
  if (text.empty()) return costs;
  const auto rows = parts_of(text, ';');
  if (rows.size() != k)
    fail(ErrorKind::usage, "costs: {} rows for {} labels; expected one row a label, of one number a label", rows.size(),
         k);
  for (size_t y = 0; y < k; ++y) {
    const auto numbers = parts_of(rows[y], ',');
    if (numbers.size() != k)
      fail(ErrorKind::usage, "costs: row {} has {} numbers, expected {}", y + 1, numbers.size(), k);
    for (size_t c = 0; c < k; ++c) {
      const auto cost = number_in(numbers[c]);
      if (!cost) fail(ErrorKind::usage, "costs: '{}' in row {} is no number", numbers[c], y + 1);
      costs[y * k + c] = *cost;
    }
  }
  return costs;
}

class CostSensitive final : public ClassLoss {
 public:
  CostSensitive(const CostSensitiveOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts), costs_(cost_matrix(own.costs, facts.labels)) {}
  std::string name() const override { return "cost_sensitive"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    const auto price = std::span(costs_).subspan(y * row.classes(), row.classes());
    double sum = 0;
    for (size_t c = 0; c < price.size(); ++c) sum += price[c] * row.p[c];
    for (size_t k = 0; k < gradient.size(); ++k) {
      // C_k - sum_c C_c p_c as sum_c p_c (C_k - C_c): exact where one class has all of the probability
      double difference = 0;
      for (size_t c = 0; c < price.size(); ++c) difference += row.p[c] * (price[k] - price[c]);
      gradient[k] += share * row.p[k] * difference;
    }
    return sum;
  }

 private:
  std::vector<double> costs_;  // [K, K] right, said
};

long double cost_sensitive_reference(const NaiveItem& item) {
  const size_t k = item.z.size();
  const std::vector<double> costs = cost_matrix(item.text("costs"), static_cast<int64_t>(k));
  long double cost = 0;
  for (size_t c = 0; c < k; ++c) cost += static_cast<long double>(costs[item.y * k + c]) * item.softmax(c);
  return cost;
}

}  // namespace

void CostSensitiveOptions::visit(OptionList& list) {
  list.add("costs", costs,
           {.help = "[[C11, C12, ...], [C21, ...], ...]: rows by the right label; nothing: 1 a mistake"});
}

const LossEntry kCostSensitive{
    .name = "cost_sensitive",
    .fits = TargetKind::classes,
    .summary = "the expected price of the answer, for any matrix of prices",
    .formula = "sum_c C[y,c] * p[c]",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Elkan 2001 (IJCAI), eq. 1, as a smooth risk; without prices Ghosh et al. 2017, arXiv 1712.09482",
    .notes = "Bounded, so it starts slowly: mix it with cross_entropy.",
    .maker = maker_of<CostSensitive, CostSensitiveOptions, ClassOptions>,
    .reference = cost_sensitive_reference};

}  // namespace attune::losses
