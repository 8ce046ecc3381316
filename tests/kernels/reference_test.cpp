// The reference kernels' backward passes against central differences of their forward passes, in f64.
#include <cmath>
#include <functional>

#include "devices.h"

namespace attune::kernels::test {
namespace {

constexpr DType kType = DType::f64;

class Reference : public ::testing::Test {
 protected:
  std::unique_ptr<Kernels> kernels_ = reference::make_kernels();

  static Block random(Shape shape, uint64_t key, double scale = 1) { return normal(shape, kType, key, scale); }
  static Block zeros(Shape shape) { return Block(shape, kType); }

  // The loss of all checks: outputs weighted by fixed random numbers; so d_out is those numbers.
  static double weighted(const Block& out, const Block& weights) {
    double sum = 0;
    for (int64_t i = 0; i < out.tensor.count(); ++i) sum += out.at(i) * weights.at(i);
    return sum;
  }

  static void check(const Block& x, const Block& dx, const std::function<double()>& loss, const char* what) {
    const double h = 1e-5;
    for (int64_t i = 0; i < x.tensor.count(); ++i) {
      const double at = x.at(i);
      x.put(i, at + h);
      const double above = loss();
      x.put(i, at - h);
      const double below = loss();
      x.put(i, at);
      EXPECT_NEAR(dx.at(i), (above - below) / (2 * h), 2e-8 * (1 + std::abs(dx.at(i)))) << what << ", element " << i;
    }
  }
};

TEST_F(Reference, MatmulByHand) {
  const Block a = zeros(Shape{2, 3}), b = zeros(Shape{3, 2}), bias = zeros(Shape{2}), c = zeros(Shape{2, 2});
  for (int64_t i = 0; i < 6; ++i) {
    a.put(i, static_cast<double>(i + 1));  // 1 2 3; 4 5 6
    b.put(i, static_cast<double>(i) - 2);  // -2 -1; 0 1; 2 3
  }
  bias.put(1, 100);
  kernels_->matmul({.a = a.tensor, .b = b.tensor, .c = c.tensor, .bias = bias.tensor});
  const std::vector<double> want = {4, 110, 4, 119};
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(c.at(i), want[static_cast<size_t>(i)]);
}

TEST_F(Reference, MatmulTransposesAgree) {
  const Block a = random(Shape{4, 5}, 1), b = random(Shape{5, 3}, 2), c = zeros(Shape{4, 3}),
              other = zeros(Shape{4, 3});
  const Block at = zeros(Shape{5, 4}), bt = zeros(Shape{3, 5});
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t l = 0; l < 5; ++l) at.put(l * 4 + i, a.at(i * 5 + l));
  for (int64_t l = 0; l < 5; ++l)
    for (int64_t j = 0; j < 3; ++j) bt.put(j * 5 + l, b.at(l * 3 + j));
  kernels_->matmul({.a = a.tensor, .b = b.tensor, .c = c.tensor});
  kernels_->matmul({.a = at.tensor, .b = bt.tensor, .c = other.tensor, .transpose_a = true, .transpose_b = true});
  EXPECT_TRUE(same_bits(c.tensor, other.tensor));
  kernels_->matmul({.a = a.tensor, .b = bt.tensor, .c = other.tensor, .transpose_b = true, .accumulate = true});
  for (int64_t i = 0; i < 12; ++i) EXPECT_NEAR(other.at(i), 2 * c.at(i), 1e-14);
}

TEST_F(Reference, LayerNorm) {
  const Shape matrix{5, 7};
  const Block x = random(matrix, 1), residual = random(matrix, 2), gamma = random(Shape{7}, 3),
              beta = random(Shape{7}, 4);
  const Block z = zeros(matrix), y = zeros(matrix), mean = zeros(Shape{5}), rstd = zeros(Shape{5});
  const Block dy = random(matrix, 5), dx = zeros(matrix), dr = zeros(matrix), dg = zeros(Shape{7}),
              db = zeros(Shape{7});
  const auto keys = row_keys(5);
  const DropoutKeys drop{0.3f, 9, keys.data()};
  const auto loss = [&] {
    kernels_->layer_norm({.x = x.tensor,
                          .residual = residual.tensor,
                          .dropout = drop,
                          .gamma = gamma.tensor,
                          .beta = beta.tensor,
                          .eps = 1e-5,
                          .z = z.tensor,
                          .y = y.tensor,
                          .twin = {},
                          .mean = mean.tensor,
                          .rstd = rstd.tensor});
    return weighted(y, dy);
  };
  loss();
  kernels_->layer_norm_backward({.dy = dy.tensor,
                                 .z = z.tensor,
                                 .mean = mean.tensor,
                                 .rstd = rstd.tensor,
                                 .gamma = gamma.tensor,
                                 .dropout = drop,
                                 .dx = dx.tensor,
                                 .d_residual = dr.tensor,
                                 .d_gamma = dg.tensor,
                                 .d_beta = db.tensor});
  check(x, dx, loss, "x");
  check(residual, dr, loss, "residual");
  check(gamma, dg, loss, "gamma");
  check(beta, db, loss, "beta");
}

TEST_F(Reference, Activations) {
  for (const auto kind :
       {ActivationKind::gelu, ActivationKind::gelu_tanh, ActivationKind::relu, ActivationKind::tanh}) {
    const Block x = random(Shape{60}, 1, 2), y = zeros(Shape{60}), dy = random(Shape{60}, 2), dx = zeros(Shape{60});
    kernels_->activation_backward({.kind = kind, .x = x.tensor, .dy = dy.tensor, .dx = dx.tensor});
    check(
        x, dx,
        [&] {
          kernels_->activation({.kind = kind, .x = x.tensor, .y = y.tensor});
          return weighted(y, dy);
        },
        "activation");
  }
}

TEST_F(Reference, Attention) {
  const std::vector<int32_t> offsets = {0, 3, 3, 7};
  const auto keys = row_keys(8);
  const Block qkv = random(Shape{8, 12}, 1), out = zeros(Shape{8, 4}), log_sum = zeros(Shape{8, 2});
  const Block d_out = random(Shape{8, 4}, 2), d_qkv = random(Shape{8, 12}, 3);
  const Attention forward{.qkv = qkv.tensor,
                          .offsets = offsets.data(),
                          .sequences = 3,
                          .heads = 2,
                          .scale = 0.7,
                          .dropout = {0.25f, 4, keys.data()},
                          .out = out.tensor,
                          .log_sum = log_sum.tensor};
  const auto loss = [&] {
    kernels_->attention(forward);
    return weighted(out, d_out);
  };
  loss();
  kernels_->attention_backward({.forward = forward, .d_out = d_out.tensor, .d_qkv = d_qkv.tensor});
  check(qkv, d_qkv, loss, "qkv");
  for (int64_t c = 0; c < 4; ++c) EXPECT_EQ(out.at(7 * 4 + c), 0) << "the row beyond the last sequence";
}

// Two keys, one head of one channel: the weights are a soft-max of two numbers.
TEST_F(Reference, AttentionByHand) {
  const std::vector<int32_t> offsets = {0, 2};
  const Block qkv = zeros(Shape{2, 3}), out = zeros(Shape{2, 1});
  const std::vector<double> values = {1, 2, 10, 3, 5, 20};  // q k v of row 0, of row 1
  for (int64_t i = 0; i < 6; ++i) qkv.put(i, values[static_cast<size_t>(i)]);
  kernels_->attention({.qkv = qkv.tensor,
                       .offsets = offsets.data(),
                       .sequences = 1,
                       .heads = 1,
                       .scale = 0.5,
                       .dropout = {},
                       .out = out.tensor,
                       .log_sum = {}});
  const auto mix = [](double s0, double s1) {
    return (10 * std::exp(s0) + 20 * std::exp(s1)) / (std::exp(s0) + std::exp(s1));
  };
  EXPECT_NEAR(out.at(0), mix(1, 2.5), 1e-12);
  EXPECT_NEAR(out.at(1), mix(3, 7.5), 1e-12);
}

TEST_F(Reference, Dropout) {
  const auto keys = row_keys(6);
  const Block x = random(Shape{6, 5}, 1), y = zeros(Shape{6, 5}), dy = random(Shape{6, 5}, 2), dx = zeros(Shape{6, 5});
  const DropoutKeys drop{0.4f, 1, keys.data()};
  kernels_->dropout({.x = dy.tensor, .y = dx.tensor, .keys = drop});
  check(
      x, dx,
      [&] {
        kernels_->dropout({.x = x.tensor, .y = y.tensor, .keys = drop});
        return weighted(y, dy);
      },
      "x");
}

TEST_F(Reference, EmbeddingsAndSelections) {
  const std::vector<int32_t> words = {2, 0, 2, 1}, places = {0, 1, 0, 1}, picked = {3, -1, 0};
  const std::vector<int32_t> offsets = {0, 3, 3, 4};
  const Block word = random(Shape{3, 5}, 1), place = random(Shape{2, 5}, 2);
  const Block y = zeros(Shape{4, 5}), dy = random(Shape{4, 5}, 3), d_word = zeros(Shape{3, 5}),
              d_place = zeros(Shape{2, 5});
  EmbeddingSum sum{.tables = 2,
                   .table = {word.tensor, place.tensor},
                   .index = {words.data(), places.data()},
                   .y = y.tensor,
                   .rows = 4};
  const auto embed = [&] {
    kernels_->embedding_sum(sum);
    return weighted(y, dy);
  };
  EmbeddingSum back = sum;
  back.table = {d_word.tensor, d_place.tensor};
  back.y = dy.tensor;
  kernels_->embedding_sum_backward(back);
  check(word, d_word, embed, "first table");
  check(place, d_place, embed, "second table");

  const Block x = random(Shape{4, 5}, 4), some = zeros(Shape{3, 5}), d_some = random(Shape{3, 5}, 5),
              dx = zeros(Shape{4, 5});
  kernels_->gather_rows_backward({.x = dx.tensor, .index = picked.data(), .y = d_some.tensor});
  check(
      x, dx,
      [&] {
        kernels_->gather_rows({.x = x.tensor, .index = picked.data(), .y = some.tensor});
        return weighted(some, d_some);
      },
      "gathered");

  kernels_->mean_rows_backward({.x = dx.tensor, .offsets = offsets.data(), .sequences = 3, .y = d_some.tensor});
  check(
      x, dx,
      [&] {
        kernels_->mean_rows({.x = x.tensor, .offsets = offsets.data(), .sequences = 3, .y = some.tensor});
        return weighted(some, d_some);
      },
      "averaged");
}

TEST_F(Reference, Losses) {
  const Shape shape{4, 3};
  const Block z = random(shape, 1, 2), items = zeros(Shape{4}), dz = zeros(shape), seed = zeros(Shape{4});
  const Block item_weights = zeros(Shape{4}), class_weights = zeros(Shape{3}), targets = zeros(shape);
  for (int64_t i = 0; i < 4; ++i) {
    seed.put(i, 0.3);
    item_weights.put(i, 0.5 + static_cast<double>(i));
  }
  for (int64_t c = 0; c < 3; ++c) class_weights.put(c, 1 + 0.7 * static_cast<double>(c));
  const std::vector<double> wanted = {0, 1, 0.3, -1, 1, 0, 0, 0, 1, 0.6, 1, -1};
  for (int64_t i = 0; i < 12; ++i) targets.put(i, wanted[static_cast<size_t>(i)]);
  const LossItems common{.logits = z.tensor,
                         .item_weights = item_weights.tensor,
                         .items = items.tensor,
                         .seed = 0.3,
                         .d_logits = dz.tensor};
  const std::vector<int32_t> classes = {2, -100, 0, 1};
  for (const double smoothing : {0.0, 0.2}) {
    const SoftmaxCrossEntropy loss{common, classes.data(), -100, class_weights.tensor, smoothing};
    kernels_->softmax_cross_entropy_backward(loss);
    check(
        z, dz, [&] { return kernels_->softmax_cross_entropy(loss), weighted(items, seed); }, "softmax");
  }
  const SigmoidCrossEntropy sigmoid{common, targets.tensor, class_weights.tensor};
  kernels_->sigmoid_cross_entropy_backward(sigmoid);
  check(
      z, dz, [&] { return kernels_->sigmoid_cross_entropy(sigmoid), weighted(items, seed); }, "sigmoid");
  const SquaredError squared{common, targets.tensor};
  kernels_->squared_error_backward(squared);
  check(
      z, dz, [&] { return kernels_->squared_error(squared), weighted(items, seed); }, "squared error");
}

// A device that lacks a kernel says which.
TEST_F(Reference, WhatADeviceLacksIsNamed) {
  class Bare final : public Kernels {
   public:
    const char* device() const override { return "bare"; }
    int threads() const override { return 1; }
  } bare;
  try {
    bare.convert({});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("'bare' has no kernel 'convert'"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace attune::kernels::test
