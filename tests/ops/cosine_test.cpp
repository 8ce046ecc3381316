#include "attune/ops/cosine.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

class Cosine : public test::GradientCheck {};

TEST_F(Cosine, Gradients) {
  check({normal({4, 3}, 1, 2), normal({5, 3}, 2)},
        [](Context& run, const Inputs& in) { return std::vector{cosine(run, in[0], in[1], 30)}; });
}

// A batch's weight gradient comes to one that is already there.
TEST_F(Cosine, TwiceTheSameWeight) {
  check({normal({2, 3}, 1), normal({2, 3}, 2), normal({4, 3}, 3)}, [](Context& run, const Inputs& in) {
    return std::vector{cosine(run, in[0], in[2], 1), cosine(run, in[1], in[2], 2)};
  });
}

TEST_F(Cosine, ByHandAndWithoutLength) {
  Context run = context();
  const Tensor y = cosine(run, values({3, 2}, {3, 4, 0, 0, -5, 0}), values({2, 2}, {10, 0, 0, 0.5}), 10);
  const std::vector<double> want{6, 8, 0, 0, -10, 0};
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(y.as<double>()[i], want[i], 1e-12);
}

}  // namespace
}  // namespace attune::ops
