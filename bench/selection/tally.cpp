#include "bench/selection/tally.h"

#include <nlohmann/json.hpp>
#include <numeric>

#include "attune/base/rng.h"
#include "attune/selection/run_book.h"

namespace attune::bench {

using namespace attune::selection;

std::vector<int> shuffled(int n, uint64_t key) {
  std::vector<int> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int i = n - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)],
              order[random_below(key, static_cast<uint32_t>(i), static_cast<uint32_t>(i) + 1)]);
  return order;
}

std::vector<Bank> read_banks(const std::vector<std::string>& folders, int seeds) {
  std::vector<Bank> banks;
  for (const std::string& folder : folders) {
    Bank& bank = banks.emplace_back(read_bank(folder, seeds));
    for (size_t block = 0; block < bank.runs.size(); ++block)
      for (Answers& run : bank.runs[block]) run.correction = fit(run, facts_of(bank.plan, block), bank.plan.metric);
  }
  return banks;
}

void Tally::see(const compare::Verdict& v, double truth) {
  const bool says = v.state == compare::State::better || v.state == compare::State::better_by_worth;
  ++races, width += v.high - v.low;
  better += says && v.difference > 0, worse += says && v.difference < 0;
  by_worth += v.state == compare::State::better_by_worth && v.difference > 0;
  no_difference += v.state == compare::State::no_difference;
  holds += v.low <= truth && truth <= v.high;
}

nlohmann::ordered_json Tally::to_json() const {
  const auto share = [&](int n) { return races ? static_cast<double>(n) / races : 0; };
  return {{"races", races},
          {"better", share(better)},
          {"better_by_worth", share(by_worth)},
          {"worse", share(worse)},
          {"no_difference", share(no_difference)},
          {"interval_holds_truth", share(holds)},
          {"mean_width", races ? width / races : 0}};
}

}  // namespace attune::bench
