// What adapters add, against central differences.
#include "attune/ops/low_rank.h"

#include "attune/ops/activation.h"
#include "attune/ops/linear.h"
#include "attune/ops/prefix.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class LowRank : public test::GradientCheck {};

TEST_F(LowRank, DownAndUpBesideAProduct) {
  // x, W, b, A, B: two parts of a product of six columns.
  const kernels::LowRankParts parts{.count = 2, .begin = {0, 4}, .end = {2, 6}};
  check({normal({5, 3}, 1), normal({6, 3}, 2), normal({6}, 3), normal({4, 3}, 4), normal({4, 2}, 5)},
        [&](Context& run, const Inputs& in) {
          const Tensor u = low_rank_down(run, in[0], in[3]);
          const Tensor y = linear(run, in[0], in[1], in[2]);
          return std::vector{low_rank_up(run, y, u, in[4], {.scale = 0.7, .parts = parts})};
        });
}

TEST_F(LowRank, BesideAFrozenProduct) {
  const Tensor w = normal({4, 3}, 2);
  check({normal({5, 3}, 1), normal({2, 3}, 4), normal({4, 2}, 5)}, [&](Context& run, const Inputs& in) {
    const Tensor u = low_rank_down(run, in[0], in[1]);
    return std::vector{low_rank_up(run, linear(run, in[0], w, {}), u, in[2], {.parts = all_columns(4)})};
  });
}

// A bottleneck reads what it adds to.
TEST_F(LowRank, Bottleneck) {
  check({normal({5, 4}, 1), normal({3, 4}, 2), normal({3}, 3), normal({4, 3}, 4), normal({4}, 5)},
        [](Context& run, const Inputs& in) {
          const Tensor y = activation(run, ActivationKind::tanh, in[0]);
          const Tensor inner = activation(run, ActivationKind::gelu, low_rank_down(run, y, in[1], in[2]), true);
          return std::vector{
              low_rank_up(run, y, inner, in[3], {.scale = 2, .parts = all_columns(4), .keep_input = true}, in[4])};
        });
}

TEST_F(LowRank, ScaledColumns) {
  const kernels::LowRankParts parts{.count = 2, .begin = {1, 4}, .end = {3, 5}};
  check({normal({5, 6}, 1), normal({3}, 2)}, [&](Context& run, const Inputs& in) {
    return std::vector{scale_columns(run, in[0], in[1], {.parts = parts, .keep_input = true})};
  });
  // y = (x - c) g + c
  const Tensor center = normal({6}, 3);
  check({normal({5, 6}, 1), normal({6}, 2)}, [&](Context& run, const Inputs& in) {
    const Tensor shift = zeros({6});
    for (int i = 0; i < 6; ++i) shift.as<double>()[i] = center.as<double>()[i] * (1 - in[1].as<double>()[i]);
    return std::vector{scale_columns(run, in[0], in[1],
                                     {.parts = all_columns(6), .shift = shift, .center = center, .keep_input = true})};
  });
}

// What is handed over to the input must not be lost where the input has a gradient from elsewhere, whoever comes first.
TEST_F(LowRank, TheInputIsReadByOthersToo) {
  check({normal({5, 4}, 1), normal({2, 4}, 2), normal({4, 2}, 3)}, [](Context& run, const Inputs& in) {
    const Tensor y = activation(run, ActivationKind::tanh, in[0]);
    const Tensor other = activation(run, ActivationKind::gelu, y);
    const Tensor u = low_rank_down(run, y, in[1]);
    const Tensor sum = low_rank_up(run, y, u, in[2], {.parts = all_columns(4), .keep_input = true});
    return std::vector{sum, activation(run, ActivationKind::tanh, y), other};
  });
}

TEST_F(LowRank, VirtualTokens) {
  static const std::vector<int32_t> index{-1, -2, 0, 1, -1, -2, 2, -1};
  check({normal({4, 9}, 1), normal({2, 14}, 2)}, [](Context& run, const Inputs& in) {
    return std::vector{insert_prefix(run, in[0], in[1], 5, index.data(), 8)};
  });
  static const std::vector<int32_t> rows{0, 1, 4, 5}, of{0, 1, 0, 1}, at{1, 0, 2, 2};
  const Tensor positions = normal({3, 7}, 5);
  check({normal({2, 7}, 2)}, [&](Context& run, const Inputs& in) {
    const Tensor x = normal({6, 7}, 9);
    return std::vector{put_rows(
        run, x, in[0], {.row = rows.data(), .of = of.data(), .count = 4, .more0 = positions, .at0 = at.data()})};
  });
}

}  // namespace
}  // namespace attune::ops
