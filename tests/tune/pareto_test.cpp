#include "attune/tune/pareto.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune::tune {
namespace {

const std::vector<Objective> kObjectives{{"macro_f1", Better::more}, {"latency", Better::less}};

std::vector<size_t> order(const std::vector<Standing>& standings) {
  std::vector<size_t> trials;
  for (const Standing& standing : standings) trials.push_back(standing.trial);
  return trials;
}
std::vector<size_t> front(const std::vector<Standing>& standings) {
  std::vector<size_t> trials;
  for (const Standing& standing : standings)
    if (standing.front == 0) trials.push_back(standing.trial);
  return trials;
}

TEST(Pareto, ByHand) {
  //                                               worse 2   best    cheap     as 1       worse than all
  const std::vector<std::vector<double>> values{{0.80, 6}, {0.90, 8}, {0.70, 2}, {0.90, 8}, {0.60, 9}, {0.85, 5}};
  const auto all = standings(kObjectives, {}, values);
  EXPECT_EQ(front(all), (std::vector<size_t>{1, 2, 3, 5}));
  EXPECT_EQ(order(all), (std::vector<size_t>{1, 2, 3, 5, 0, 4}));
  EXPECT_EQ(all[4].front, 1);
  EXPECT_EQ(all[5].front, 2);
}

TEST(Pareto, OneObjectiveIsARanking) {
  EXPECT_EQ(order(standings({{"loss", Better::less}}, {}, {{3}, {1}, {2}})), (std::vector<size_t>{1, 2, 0}));
}

TEST(Pareto, WhatKeepsTheLimitsComesFirst) {
  const std::vector<Limit> limits{parse_limit("latency <= 5", kObjectives), parse_limit("macro_f1>=0.5", kObjectives)};
  const std::vector<std::vector<double>> values{{0.95, 10}, {0.60, 5}, {0.97, 6}, {0.55, 5}, {0.35, 1}};
  const auto all = standings(kObjectives, limits, values);
  EXPECT_EQ(order(all), (std::vector<size_t>{1, 3, 2, 4, 0}));
  EXPECT_EQ(front(all), (std::vector<size_t>{1}));
  EXPECT_EQ(all[0].broken, 0);
  EXPECT_NEAR(all[2].broken, 0.2, 1e-12);
  EXPECT_NEAR(all[3].broken, 0.3, 1e-12);
  EXPECT_NEAR(all[4].broken, 1.0, 1e-12);
}

TEST(Pareto, AMissingValueHasNoFront) {
  const auto all = standings(kObjectives, {}, {{std::nan(""), 1}, {0.5, 1}, {0.9, std::nan("")}});
  EXPECT_EQ(order(all), (std::vector<size_t>{1, 0, 2}));
  EXPECT_EQ(all[0].front, 0);
  EXPECT_FALSE(all[1].front);
}

TEST(Pareto, Limits) {
  const Limit limit = parse_limit(" latency <= 5.5 ", kObjectives);
  EXPECT_EQ(limit.objective, 1u);
  EXPECT_TRUE(limit.at_most);
  EXPECT_TRUE(limit.keeps(5.5));
  EXPECT_FALSE(limit.keeps(5.6));
  EXPECT_ERROR(ErrorKind::usage, parse_limit("latncy <= 5", kObjectives), "'latncy' is no objective",
               "did you mean 'latency'?", "macro_f1, latency");
  for (const char* text : {"latency", "latency < 5", "latency <= fast", "latency <=", ""})
    EXPECT_ERROR(ErrorKind::usage, parse_limit(text, kObjectives), "NAME <= NUMBER", "latency <= 5");
}

}  // namespace
}  // namespace attune::tune
