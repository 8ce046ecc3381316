// Reading golden values (made by tools/metrics_golden.py) and comparing scores with them.
#pragma once
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>

#include "attune/metrics/bootstrap.h"
#include "attune/metrics/class_counts.h"
#include "attune/metrics/score.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

inline nlohmann::json golden(const std::string& name) {
  const std::string path = std::string(ATTUNE_TEST_DATA) + "/metrics/golden/" + name + ".json";
  std::ifstream file(path);
  if (!file) ADD_FAILURE() << "cannot open " << path;
  return nlohmann::json::parse(file);
}

// Every golden score stands in `scores` with the same value; null means undefined, with a reason.
inline void expect_scores(const nlohmann::json& expected, const Scores& scores, double tolerance) {
  for (const auto& [name, value] : expected.items()) {
    SCOPED_TRACE(name);
    const Score* score = scores.find(name);
    ASSERT_NE(score, nullptr);
    if (value.is_null()) {
      EXPECT_FALSE(score->defined()) << score->value;
      EXPECT_FALSE(score->note.empty());
    } else {
      EXPECT_NEAR(score->value, value.get<double>(), tolerance);
    }
  }
}

inline void expect_row(const nlohmann::json& expected, const PRF& prf, int64_t support) {
  EXPECT_NEAR(prf.precision, expected.at("precision").get<double>(), 1e-12);
  EXPECT_NEAR(prf.recall, expected.at("recall").get<double>(), 1e-12);
  EXPECT_NEAR(prf.f1, expected.at("f1-score").get<double>(), 1e-12);
  EXPECT_EQ(static_cast<double>(support), expected.at("support").get<double>());
}

// Of all rows once, of three draws, and of no row.
inline void expect_one_equals_all(const Statistics& statistics) {
  std::vector<uint32_t> weights(static_cast<size_t>(statistics.units()), 1);
  std::vector<double> all(statistics.names().size());
  for (int draw = 0; draw < 5; ++draw) {
    if (draw > 0) draw_weights(7, draw, weights);
    if (draw == 4) std::fill(weights.begin(), weights.end(), 0);
    statistics.evaluate(weights, all);
    for (size_t i = 0; i < all.size(); ++i) {
      const double one = statistics.evaluate_one(i, weights);
      EXPECT_TRUE(one == all[i] || (std::isnan(one) && std::isnan(all[i]))) << statistics.names()[i] << ' ' << one;
    }
  }
}

}  // namespace attune::metrics
