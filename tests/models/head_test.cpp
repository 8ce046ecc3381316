// Heads on hidden states given by hand: which rows they read, and what they make of them.
#include "attune/models/head.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::models {
namespace {

using tensor::DType;

// Three sequences of 2, 1 and 3 rows of two channels; rows 6 to 15 belong to nobody and hold 1e3.
class Heads : public ::testing::Test {
 protected:
  Heads() {
    rows_.offsets = {0, 2, 3, 6};
    rows_.ids.resize(16), rows_.keys.resize(16);
    hidden_ = arena_.tensor({16, 2}, DType::f64);
    for (int r = 0; r < 16; ++r)
      for (int c = 0; c < 2; ++c) hidden_.as<double>()[2 * r + c] = r < 6 ? value(r, c) : 1e3;
    config_.hidden = 2, config_.layers = 3;
    config_.classifier_dropout = 0;
  }
  static double value(int row, int channel) { return 0.1 * (row + 1) * (channel == 0 ? 1 : -2); }

  // A head of three outputs with W = [[1, 0], [0, 1], [1, 1]], b = [0, 0, 10]; the pooler is W_p = 2, b_p = [0, 0.5].
  const Head& make(const HeadOptions& options) {
    head_ = std::make_unique<Head>(parameters_, config_, options);
    parameters_.allocate(DType::f64);
    fill("classifier.weight", {1, 0, 0, 1, 1, 1});
    fill("classifier.bias", {0, 0, 10});
    if (options.kind == HeadKind::token) return *head_;
    fill("pooler.dense.weight", {2, 0, 0, 2});
    fill("pooler.dense.bias", {0, 0.5});
    return *head_;
  }
  void fill(const char* name, std::initializer_list<double> values) {
    auto* p = parameters_.find(name);
    ASSERT_NE(p, nullptr) << name;
    ASSERT_EQ(p->shape.count(), static_cast<int64_t>(values.size())) << name;
    std::copy(values.begin(), values.end(), p->value.as<double>());
  }
  Tensor run(const Head& head, std::vector<int32_t> read, bool training = false, uint64_t step = 0) {
    const auto count = static_cast<int64_t>(read.size());
    read_ = std::move(read);
    read_.resize(16, -1);
    keys_.resize(16);
    for (size_t i = 0; i < 16; ++i) keys_[i] = i + 1;
    Context context{
        .kernels = *kernels_, .arena = arena_, .compute = DType::f64, .training = training, .random = {.step = step}};
    const auto [features, logits] = head.forward(context, hidden_, packed_view(context.arena, rows_),
                                                 {.rows = read_, .keys = keys_, .count = count});
    features_ = features;
    EXPECT_EQ(logits.shape, (tensor::Shape{16, 3})) << "count rounded up, by outputs";
    EXPECT_EQ(logits.dtype, DType::f64);
    return logits;
  }
  static void expect_row(const Tensor& logits, int row, double first, double second) {
    const double* z = logits.as<double>() + 3 * row;
    EXPECT_NEAR(z[0], first, 1e-12) << "row " << row;
    EXPECT_NEAR(z[1], second, 1e-12) << "row " << row;
    EXPECT_NEAR(z[2], first + second + 10, 1e-12) << "row " << row;
  }
  static double pooled(double h, int channel) { return std::tanh(2 * h + (channel == 0 ? 0 : 0.5)); }

  std::unique_ptr<kernels::Kernels> kernels_ = kernels::reference::make_kernels();
  tensor::Arena arena_;
  BertConfig config_;
  nn::Parameters parameters_;
  tensor::PackedRows rows_;
  Tensor hidden_;
  std::unique_ptr<Head> head_;
  Tensor features_;  // of the last run
  std::vector<int32_t> read_;
  std::vector<uint64_t> keys_;
};

TEST_F(Heads, SequenceReadsFirstRowsThroughThePooler) {
  const Tensor logits = run(make({.kind = HeadKind::sequence, .outputs = 3}), {0, 2, 3});
  int at = 0;
  for (const int row : {0, 2, 3}) expect_row(logits, at++, pooled(value(row, 0), 0), pooled(value(row, 1), 1));
}

TEST_F(Heads, MeanReadsAllRowsOfASequenceAndNoOther) {
  const Tensor logits = run(make({.kind = HeadKind::sequence, .pooling = Pooling::mean, .outputs = 3}), {0, 2, 3});
  const double means[3][2] = {{0.15, -0.3}, {0.3, -0.6}, {0.5, -1}};
  for (int b = 0; b < 3; ++b) expect_row(logits, b, pooled(means[b][0], 0), pooled(means[b][1], 1));
}

TEST_F(Heads, TokenReadsTheRowsItIsToldWithoutAPooler) {
  const Head& head = make({.kind = HeadKind::token, .outputs = 3});
  EXPECT_EQ(parameters_.find("pooler.dense.weight"), nullptr);
  EXPECT_EQ(parameters_.all().size(), 2U);
  const Tensor logits = run(head, {1, 2, 4, 5});
  int at = 0;
  for (const int row : {1, 2, 4, 5}) expect_row(logits, at++, value(row, 0), value(row, 1));
}

// Depth: one above the last layer, so that freezing all layers leaves the head.
TEST_F(Heads, ParametersAreTheDeepest) {
  make({.kind = HeadKind::sequence, .outputs = 3});
  ASSERT_EQ(parameters_.all().size(), 4U);
  for (const auto& p : parameters_.all()) EXPECT_EQ(p->options.depth, 4) << p->name;
  EXPECT_EQ(parameters_.find("classifier.weight")->shape, (tensor::Shape{3, 2}));
  EXPECT_EQ(parameters_.find("pooler.dense.weight")->shape, (tensor::Shape{2, 2}));
}

// classifier_dropout acts before the last layer, while training only: each channel is there doubled, or not.
TEST_F(Heads, DropoutBeforeTheLastLayer) {
  config_.classifier_dropout = 0.5f;
  const Head& head = make({.kind = HeadKind::token, .outputs = 3});
  expect_row(run(head, {4}), 0, value(4, 0), value(4, 1));
  int dropped = 0;
  for (uint64_t step = 0; step < 64; ++step) {
    const double z = run(head, {4}, true, step).as<double>()[0];
    EXPECT_TRUE(z == 0 || std::abs(z - 2 * value(4, 0)) < 1e-12) << z;
    EXPECT_EQ(features_.as<double>()[0], value(4, 0)) << "features are what dropout had not seen yet";
    dropped += z == 0;
  }
  EXPECT_NEAR(dropped, 32, 16);
}

}  // namespace
}  // namespace attune::models
