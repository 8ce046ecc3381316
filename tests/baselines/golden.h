// The golden file of tools/logistic_golden.py.
#pragma once
#include <fstream>
#include <nlohmann/json.hpp>

inline nlohmann::json golden() {
  std::ifstream file(ATTUNE_TEST_DATA "/baselines/golden/logistic.json");
  return nlohmann::json::parse(file);
}
