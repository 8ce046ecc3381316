#include "attune/ops/select_rows.h"

#include "attune/ops/activation.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class SelectRows : public test::GradientCheck {};

TEST_F(SelectRows, GatherWithRowsOfNobody) {
  const std::vector<int32_t> index{3, -1, 0, -1};
  const auto gradients = check({normal({5, 2}, 1)}, [&](Context& run, const Inputs& in) {
    return std::vector{gather_rows(run, in[0], index.data(), 4)};
  });
  for (const size_t row : {1, 2, 4})
    for (size_t c = 0; c < 2; ++c) EXPECT_EQ(gradients[0][2 * row + c], 0) << "row " << row << " was not read";
  Context run = context();
  const Tensor y = gather_rows(run, values({5, 1}, {1, 2, 3, 4, 5}), index.data(), 4);
  EXPECT_EQ(std::vector<double>(y.as<double>(), y.as<double>() + 4), (std::vector<double>{4, 0, 1, 0}));
}

TEST_F(SelectRows, MeansOfRaggedSequences) {
  tensor::PackedRows rows;
  rows.offsets = {0, 3, 4, 6};
  rows.ids.resize(8);
  const auto gradients = check({normal({8, 2}, 1)}, [&](Context& run, const Inputs& in) {
    return std::vector{mean_rows(run, in[0], packed_view(run.arena, rows), 5)};
  });
  for (size_t i = 12; i < 16; ++i) EXPECT_EQ(gradients[0][i], 0) << "a row of no sequence";
  Context run = context();
  const Tensor y = mean_rows(run, values({8, 1}, {1, 2, 6, 10, 20, 40, 1e9, 1e9}), packed_view(run.arena, rows), 5);
  EXPECT_EQ(std::vector<double>(y.as<double>(), y.as<double>() + 5), (std::vector<double>{3, 10, 30, 0, 0}));
}

// Rows that two heads read, one by one and as a mean, learn from both.
TEST_F(SelectRows, GradientsOfWhatIsSharedAddUp) {
  const std::vector<int32_t> index{1, -1};
  tensor::PackedRows rows;
  rows.offsets = {0, 2, 4};
  rows.ids.resize(4);
  check({normal({4, 3}, 1)}, [&](Context& run, const Inputs& in) {
    return std::vector{gather_rows(run, in[0], index.data(), 2), mean_rows(run, in[0], packed_view(run.arena, rows), 2),
                       activation(run, ActivationKind::tanh, in[0])};
  });
}

}  // namespace
}  // namespace attune::ops
