#include "attune/ops/attention.h"

#include "attune/ops/activation.h"

#include "gradient_check.h"
#include "tests/base/expect_error.h"

namespace attune::ops {
namespace {

// Sequences of the given lengths, and the rows that fill up.
tensor::PackedRows ragged(const std::vector<int32_t>& lengths) {
  tensor::PackedRows rows;
  rows.offsets = {0};
  for (const int32_t length : lengths) {
    for (int32_t t = 0; t < length; ++t)
      rows.ids.push_back(0), rows.keys.push_back(mix_key(mix64(rows.offsets.size()), static_cast<uint64_t>(t)));
    rows.offsets.push_back(rows.offsets.back() + length);
  }
  rows.ids.resize(static_cast<size_t>(tensor::rounded_rows(rows.tokens()))), rows.keys.resize(rows.ids.size());
  return rows;
}

class Attention : public test::GradientCheck {};

TEST_F(Attention, GradientsOverRaggedSequences) {
  const auto rows = ragged({3, 1, 5});
  for (const float p : {0.0f, 0.3f}) {
    const auto gradients = check({normal({16, 3 * 4}, 1)}, [&](Context& run, const Inputs& in) {
      return std::vector{attention(run, in[0], packed_view(run.arena, rows), {.heads = 2, .dropout = p, .stream = 4})};
    });
    for (size_t i = 9 * 12; i < 16 * 12; ++i) EXPECT_EQ(gradients[0][i], 0) << "a row of no sequence";
  }
}

// With equal scores a query's answer is the mean of its own sequence's values: the scale and the ends are right.
TEST_F(Attention, NobodyLooksBeyondItsSequence) {
  const auto rows = ragged({2, 3});
  const Tensor qkv = zeros({16, 3});
  for (int r = 0; r < 16; ++r) qkv.as<double>()[3 * r + 2] = r < 5 ? std::pow(10, r) : 1e9;
  Context run = context();
  const Tensor y = attention(run, qkv, packed_view(run.arena, rows), {.heads = 1});
  for (int r = 0; r < 16; ++r)
    EXPECT_NEAR(y.as<double>()[r], r < 2 ? 11.0 / 2 : r < 5 ? 11100.0 / 3 : 0, 1e-9) << "row " << r;
}

// Scores are divided by the root of a head's size (here 4, of 8 channels): with 2 in each channel of query 0 and key 1,
// head 0 has the scores 0 and 16 / 2; head 1 has none.
TEST_F(Attention, ScaleIsTheHeadsRoot) {
  const auto rows = ragged({2});
  const Tensor qkv = zeros({16, 24});
  for (int c = 0; c < 4; ++c) qkv.as<double>()[c] = qkv.as<double>()[24 + 8 + c] = 2;
  for (int c = 0; c < 8; ++c) qkv.as<double>()[24 + 16 + c] = 1;  // value 1; value 0 is 0
  Context run = context();
  const double* y = attention(run, qkv, packed_view(run.arena, rows), {.heads = 2}).as<double>();
  for (int c = 0; c < 4; ++c) EXPECT_NEAR(y[c], 1 / (1 + std::exp(-8)), 1e-12) << c;
  for (int c = 4; c < 8; ++c) EXPECT_NEAR(y[c], 0.5, 1e-12) << c;
}

TEST_F(Attention, WhatItCannotDoIsAnError) {
  const auto rows = ragged({2});
  Context run = context(&tape_);
  EXPECT_ERROR(ErrorKind::internal, attention(run, zeros({16, 12}), packed_view(run.arena, rows), {.heads = 3}),
               "12 columns for 3 heads");
  const Tensor qkv = tape_.variable(normal({16, 6}, 1));
  const Tensor y = attention(run, qkv, packed_view(run.arena, rows), {.heads = 1}),
               z = activation(run, ActivationKind::tanh, qkv);
  tape_.seed(y, zeros({16, 2})), tape_.seed(z, zeros({16, 6}));
  EXPECT_ERROR(ErrorKind::internal, tape_.backward(), "feeds another op");
}

}  // namespace
}  // namespace attune::ops
