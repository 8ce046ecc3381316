// What attune's losses are compared with (tests/losses/golden/parity), and the comparison.
#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "attune/base/files.h"
#include "attune/losses/check/trial.h"
#include "attune/losses/language/make_objective.h"

namespace attune::test {

using losses::LossFacts;
using losses::Outcome;
using losses::Targets;
using nlohmann::json;
inline constexpr auto kClasses = losses::TargetKind::classes;
inline constexpr auto kLabels = losses::TargetKind::labels;
inline constexpr auto kScores = losses::TargetKind::scores;

inline json golden(const std::string& file) {
  return json::parse(read_file(std::filesystem::path(ATTUNE_TEST_DATA) / "losses/golden/parity" / (file + ".json")));
}

inline void each_case(const std::string& file, size_t cases, const std::function<void(const json& row)>& check) {
  const json all = golden(file);
  EXPECT_EQ(all["cases"].size(), cases) << file;
  for (const auto& [name, row] : all["cases"].items()) {
    SCOPED_TRACE(file + ", " + name);
    check(row);
  }
}

// All numbers of a nested list, end to end.
inline std::vector<double> flat(const json& values) {
  if (!values.is_array()) return {values.get<double>()};
  std::vector<double> out;
  for (const auto& value : values)
    for (const double x : flat(value)) out.push_back(x);
  return out;
}
// What each row of values, by item or by cell, comes to.
inline std::vector<double> row_sums(const json& rows) {
  std::vector<double> sums;
  for (const auto& row : rows) {
    sums.push_back(0);
    for (const double x : flat(row)) sums.back() += x;
  }
  return sums;
}
inline double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x;
  return sum;
}
inline std::string list(const json& numbers) {
  return fmt::format("[{}]", fmt::join(flat(numbers), ","));
}
inline double number(const json& row, const char* argument, double otherwise) {
  return row["arguments"].value(argument, otherwise);
}

inline losses::Batch batch_of(const json& row) {
  losses::Batch batch{.columns = static_cast<int64_t>(row["logits"][0].size()),
                      .logits = flat(row["logits"]),
                      .targets = {},
                      .own = {}};
  const json& targets = row["targets"];
  if (targets[0].is_number_integer()) {
    batch.targets.classes = targets.get<std::vector<int32_t>>();
  } else {
    for (const double y : flat(targets)) batch.targets.values.push_back(static_cast<float>(y));
    batch.targets.width = static_cast<int64_t>(targets[0].size());
  }
  return batch;
}
inline double items_of(const json& row) {
  return static_cast<double>(row["logits"].size());
}
inline double cells_of(const json& row) {
  return static_cast<double>(flat(row["logits"]).size());
}
inline int64_t columns_of(const json& row) {
  return static_cast<int64_t>(row["logits"][0].size());
}

// theirs = factor * ours + offset, item by item; their mean = their sum / mean_over.
struct Convention {
  double mean_over;
  double factor = 1;
  double offset = 0;
  double tolerance = 1e-12;  // relative
};

inline void near(double got, double want, double tolerance, const std::string& what) {
  EXPECT_NEAR(got, want, tolerance * std::abs(want) + std::min(1e-14, tolerance)) << what;
}
inline void all_near(const std::vector<double>& got, const std::vector<double>& want, double factor, double tolerance,
                     const char* what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (size_t i = 0; i < want.size(); ++i) near(factor * got[i], want[i], tolerance, fmt::format("{} {}", what, i));
}

// Everything the golden row has.
inline Outcome compare(const json& row, const std::string& text, losses::TargetKind kind, const LossFacts& facts,
                       const losses::Batch& batch, const Convention& theirs) {
  SCOPED_TRACE(text);
  const auto loss = losses::make_loss(text, kind, facts);
  Outcome got = losses::try_loss(*loss, batch, losses::Precision::f64);
  EXPECT_DOUBLE_EQ(loss->denominator(batch.targets), got.denominator);
  const double offsets = theirs.offset * items_of(row), sum = theirs.factor * got.sum + offsets;
  EXPECT_TRUE(row.contains("mean") || row.contains("sum"));
  if (row.contains("mean")) near(sum / theirs.mean_over, row["mean"].get<double>(), theirs.tolerance, "mean");
  if (row.contains("sum")) near(sum, row["sum"].get<double>(), theirs.tolerance, "sum");
  if (row.contains("items")) {
    got.items.resize(static_cast<size_t>(items_of(row)));
    for (double& item : got.items) item += theirs.offset / theirs.factor;
    all_near(got.items, row_sums(row["items"]), theirs.factor, theirs.tolerance, "item");
  }
  if (row.contains("d_sum")) all_near(got.d_logits, flat(row["d_sum"]), theirs.factor, theirs.tolerance, "d_sum");
  if (row.contains("d_mean"))
    all_near(got.d_logits, flat(row["d_mean"]), theirs.factor / theirs.mean_over, theirs.tolerance, "d_mean");
  return got;
}

}  // namespace attune::test
