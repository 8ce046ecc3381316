// Values, denominators and gradients equal to PyTorch's (tests/losses/golden, made by tools/golden_optim.py), in f64 by
// the plain kernels and in f32 by the processor's.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/losses/classes/cross_entropy.h"
#include "attune/losses/labels/bce.h"
#include "attune/losses/scores/mse.h"

#include "tests/base/expect_error.h"
#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using losses::Targets;
using nlohmann::json;
using tensor::DType;
using test::OnTape;

json golden(const char* file) {
  return json::parse(read_file(std::filesystem::path(ATTUNE_TEST_DATA) / "losses/golden" / file));
}

// All numbers of a nested list, end to end.
std::vector<double> flat(const json& values) {
  std::vector<double> out;
  for (const auto& value : values) {
    if (value.is_array()) {
      for (const double x : flat(value)) out.push_back(x);
    } else {
      out.push_back(value.get<double>());
    }
  }
  return out;
}
int64_t columns_of(const json& rows) {
  return rows[0].is_array() ? static_cast<int64_t>(rows[0].size()) : 1;
}

// Golden items of label-wise losses are by cell; an item of ours is a row.
std::vector<double> row_sums(const json& items) {
  std::vector<double> sums;
  for (const auto& row : items) {
    double sum = 0;
    if (row.is_array()) {
      for (const double x : row) sum += x;
    } else {
      sum = row.get<double>();
    }
    sums.push_back(sum);
  }
  return sums;
}

std::vector<double> numbers(const json& options, const char* key) {
  return options.contains(key) && !options[key].is_null() ? options[key].get<std::vector<double>>()
                                                          : std::vector<double>{};
}

class GoldenLosses : public ::testing::TestWithParam<DType> {
 protected:
  void compare(const std::string& name, const json& row, const losses::Loss& loss, const Targets& targets) {
    SCOPED_TRACE(loss.name() + " " + name);
    const double relative = GetParam() == DType::f64 ? 1e-13 : 2e-6;
    const auto near = [&](double got, double want, const char* what, size_t i) {
      EXPECT_NEAR(got, want, relative * std::max(1.0, std::abs(want))) << what << " " << i;
    };
    OnTape tape(GetParam());
    const auto got = tape.evaluate(loss, flat(row["logits"]), columns_of(row["logits"]), targets);
    near(got.sum, row["sum"].get<double>(), "sum", 0);
    EXPECT_DOUBLE_EQ(got.denominator, row["denominator"].get<double>());
    EXPECT_DOUBLE_EQ(loss.denominator(targets), got.denominator);
    if (row["loss"].is_null()) {
      EXPECT_TRUE(std::isnan(got.loss()));
    } else {
      near(got.loss(), row["loss"].get<double>(), "loss", 0);
    }
    const auto items = row_sums(row["items"]), gradient = flat(row["dlogits"]);
    ASSERT_EQ(got.items.size(), items.size());
    for (size_t i = 0; i < items.size(); ++i) near(got.items[i], items[i], "item", i);
    ASSERT_EQ(got.d_logits.size(), gradient.size());
    for (size_t i = 0; i < gradient.size(); ++i) near(got.d_logits[i], gradient[i], "gradient", i);
  }
};

TEST_P(GoldenLosses, CrossEntropy) {
  const json cases = golden("cross_entropy.json");
  ASSERT_GE(cases.size(), 10U);
  for (const auto& [name, row] : cases.items()) {
    const auto weights = numbers(row["options"], "class_weights");
    const auto loss =
        losses::make_cross_entropy({.weights = weights.empty() ? "none" : fmt::format("{}", fmt::join(weights, ",")),
                                    .label_smoothing = row["options"]["label_smoothing"].get<double>()},
                                   {.labels = columns_of(row["logits"])});
    compare(name, row, *loss, test::classes(row["targets"].get<std::vector<int32_t>>()));
  }
}

TEST_P(GoldenLosses, BinaryCrossEntropy) {
  const json cases = golden("bce_with_logits.json");
  ASSERT_GE(cases.size(), 2U);
  for (const auto& [name, row] : cases.items()) {
    const auto loss = losses::make_bce({.pos_weight = numbers(row["options"], "pos_weight")}, {},
                                       {.labels = columns_of(row["logits"])});
    compare(name, row, *loss, test::values(flat(row["targets"]), columns_of(row["logits"])));
  }
}

TEST_P(GoldenLosses, SquaredError) {
  const json cases = golden("squared_error.json");
  ASSERT_GE(cases.size(), 2U);
  for (const auto& [name, row] : cases.items()) {
    compare(name, row, *losses::make_mse(), test::values(flat(row["targets"]), columns_of(row["logits"])));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GoldenLosses, ::testing::Values(DType::f64, DType::f32),
                         [](const auto& test) { return std::string(tensor::name(test.param)); });

// An item of weight 3 costs and teaches what three copies of it do; one of weight 0 is as absent.
TEST(Losses, ItemWeightsAreCopies) {
  OnTape tape;
  const auto loss = losses::make_cross_entropy({.weights = "0.5,2,1"}, {.labels = 3});
  const std::vector<double> a{0.3, -1, 0.7}, b{2, 0.1, -0.4}, c{1, 1, -3};
  std::vector<double> weighted = a, copied = a;
  for (const auto* row : {&b, &c}) weighted.insert(weighted.end(), row->begin(), row->end());
  for (int i = 0; i < 3; ++i) copied.insert(copied.end(), b.begin(), b.end());
  const auto x = tape.evaluate(*loss, weighted, 3, test::classes({1, 0, 2}, {1, 3, 0}));
  const auto y = tape.evaluate(*loss, copied, 3, test::classes({1, 0, 0, 0}));
  EXPECT_NEAR(x.sum, y.sum, 1e-12);
  EXPECT_NEAR(x.denominator, y.denominator, 1e-12);
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(x.d_logits[k], y.d_logits[k], 1e-12);
    EXPECT_NEAR(x.d_logits[3 + k], 3 * y.d_logits[3 + k], 1e-12);
    EXPECT_EQ(x.d_logits[6 + k], 0);
  }
}

TEST(Losses, UnknownLabelsAddNothing) {
  OnTape tape;
  const auto loss = losses::make_bce({}, {}, {.labels = 2});
  const auto known = tape.evaluate(*loss, {0.5, -1}, 2, test::values({1, -1}, 2));
  const auto alone = tape.evaluate(*losses::make_bce({}, {}, {.labels = 1}), {0.5}, 1, test::values({1}));
  EXPECT_EQ(known.denominator, 1);
  EXPECT_NEAR(known.sum, alone.sum, 1e-15);
  EXPECT_EQ(known.d_logits[1], 0);
}

}  // namespace
}  // namespace attune
