// What verdicts drawn from a bank claim, counted.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "attune/compare/verdict.h"

#include "bench/selection/bank.h"

namespace attune::bench {

struct Tally {
  int races = 0, better = 0, worse = 0, holds = 0, no_difference = 0, by_worth = 0;
  double width = 0;

  void see(const compare::Verdict& verdict, double truth);
  nlohmann::ordered_json to_json() const;  // shares, and the mean width of the interval
};

// 0..n-1 in an order that the key draws.
std::vector<int> shuffled(int n, uint64_t key);

// The banks' runs with their corrections fitted: once a run, not once a race.
std::vector<Bank> read_banks(const std::vector<std::string>& folders, int seeds);

}  // namespace attune::bench
