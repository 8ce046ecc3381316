// A loss that sees the whole step, in micro-batches: gradient caching gives what one pass over all rows gives, with
// dropout on, for losses that read outputs, features or both.
#include "attune/train/gathered.h"

#include "attune/losses/language/make_objective.h"
#include "attune/train/train_step.h"

#include "tests/train/golden_bert.h"

namespace attune {
namespace {

struct Whole {
  const char* loss;
  size_t variant;  // of test::kVariants
};

class Gathered : protected test::GoldenBert {
 public:
  Gathered(const Whole& whole, test::DType compute) : GoldenBert(test::kVariants[whole.variant], compute, 0.2f) {
    loss_ = losses::make_objective(whole.loss, variant_.targets, {.labels = outputs_});
    optimizer_ = optim::make_optimizer(model_->parameters(), {});
  }
  struct Result {
    double loss;
    std::vector<double> gradients;
  };
  Result run(const std::vector<std::vector<int>>& split) {
    std::vector<tasks::Batch> micro;
    for (const auto& rows : split) micro.push_back(batch(rows, variant_.losses[0]));
    train::TrainStep step(*model_, loss_, *optimizer_, *kernels_, {.peak_rate = 0, .clip = 0, .seed = 3});
    Result result{.loss = step.run(micro, 0).loss, .gradients = {}};
    for_each_tensor(/*gradients=*/true, [&](const std::string&, const std::vector<double>& values) {
      result.gradients.insert(result.gradients.end(), values.begin(), values.end());
    });
    return result;
  }

 private:
  losses::Objective loss_;
  std::unique_ptr<optim::Optimizer> optimizer_;
};

class GatheredSteps : public testing::TestWithParam<Whole> {
 protected:
  static void compare(test::DType compute, double allowed) {
    Gathered golden(GetParam(), compute);
    const auto whole = golden.run({test::kAllRows});
    for (const auto& split : {std::vector<std::vector<int>>{{0, 1}, {2}, {3, 4}}, {{0}, {1}, {2}, {3}, {4}}}) {
      const auto parts = golden.run(split);
      EXPECT_NEAR(parts.loss, whole.loss, allowed);
      ASSERT_EQ(parts.gradients.size(), whole.gradients.size());
      double largest = 0, size = 0;
      for (size_t i = 0; i < whole.gradients.size(); ++i) {
        largest = std::max(largest, std::abs(parts.gradients[i] - whole.gradients[i]));
        size = std::max(size, std::abs(whole.gradients[i]));
      }
      EXPECT_GT(size, 1e-3) << "there is something to compare";
      EXPECT_LE(largest, allowed);
    }
  }
};

TEST_P(GatheredSteps, AreTheWholeStepInF64) {
  compare(test::DType::f64, 1e-12);
}
TEST_P(GatheredSteps, AreTheWholeStepInF32) {
  compare(test::DType::f32, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(EachReading, GatheredSteps,
                         testing::Values(Whole{"dice", 2}, Whole{"0.5*bce + 0.5*tversky", 2},
                                         Whole{"cross_entropy + supcon(temperature=0.5)", 0}),
                         [](const auto& test) { return "Loss" + std::to_string(test.index); });

}  // namespace
}  // namespace attune
