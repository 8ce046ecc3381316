// A bf16 run of the tiny golden BERTs against PyTorch's f32: logits, loss, and every parameter's gradient, within what
// eight binary digits in the inputs of products explain, and no more. (Parity in f32 says nothing of the paths that
// only a bf16 run takes: twins, conversions, bf16 attention and activations.)
#include "attune/train/train_step.h"

#include "golden_bert.h"

namespace attune {
namespace {

using tensor::DType;
using test::kAllRows;
using test::Variant;

// bf16 is off by at most 2^-9 = 0.002 each time a number is rounded; a gradient has passed through a dozen of them.
// Worst seen: 0.025 and 0.9997.
struct Tolerance {
  double relative = 3e-2;  // norm of the difference over the norm, by tensor
  double cosine = 0.999;
};
// relu's derivative jumps: where rounding moves one of its inputs over 0, a whole term of the gradient comes or goes.
// It does for one unit (14 of layer 1) in one of five rows, which alone makes 0.07 of 0.008.
constexpr Tolerance kWithRelu{.relative = 0.1, .cosine = 0.997};
constexpr double kTiny = 1e-3;  // of the global norm: below it a tensor is judged against the global norm

class Bf16 : public ::testing::TestWithParam<Variant>, protected test::GoldenBert {
 protected:
  Bf16() : GoldenBert(GetParam(), DType::bf16) {}

  static double dot(const std::vector<double>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }
};

TEST_P(Bf16, LogitsAndLoss) {
  const char* name = variant_.losses.front();
  const tasks::Batch all = batch(kAllRows, name);
  autograd::Context context{.kernels = *kernels_, .arena = arena_, .compute = compute_};
  const auto output = model_->forward(context, all.rows, all.head());
  const auto golden = read("logits");
  const float* z = output.logits.as<float>();
  EXPECT_LE(distance({z, z + golden.size()}, golden) / norm({golden.begin(), golden.end()}), Tolerance().relative);
  EXPECT_GT(distance({z, z + golden.size()}, golden), 1e-6) << "this was no bf16 run";
  const auto term = loss(name)->evaluate(
      context, {.logits = output.logits, .hidden = output.hidden, .features = output.features, .targets = all.targets});
  const double want = golden_["losses"][name]["loss"].get<double>();
  EXPECT_NEAR(term.sum / term.denominator, want, 1e-2 * want);
}

TEST_P(Bf16, GradientOfEveryParameter) {
  const char* name = variant_.losses.front();
  const losses::Objective objective = loss(name);
  auto optimizer = optim::make_optimizer(model_->parameters(), {.name = "sgd", .weight_decay = 0});
  train::TrainStep step(*model_, objective, *optimizer, *kernels_, {.peak_rate = 0, .clip = 0});
  const std::vector<tasks::Batch> whole{batch(kAllRows, name)};
  const auto report = step.run(whole, 0);
  const double global = golden_["losses"][name]["grad_norm"].get<double>();
  EXPECT_NEAR(report.gradient_norm / global, 1, 1e-2);
  const Tolerance tolerance = model_->config().activation == kernels::ActivationKind::relu ? kWithRelu : Tolerance();
  int compared = 0;
  double worst = 0, least_cosine = 1;
  for_each_tensor(true, [&](const std::string& tensor, const std::vector<double>& gradient) {
    const auto golden = read("grad." + tensor);
    ASSERT_EQ(golden.size(), gradient.size()) << tensor;
    const double own = norm({golden.begin(), golden.end()}), off = distance(gradient, golden);
    ++compared;
    if (own < kTiny * global) {
      EXPECT_LE(off / global, kTiny) << tensor << ", judged against the global norm";
      return;
    }
    const double cosine = dot(gradient, golden) / (own * norm(gradient));
    EXPECT_LE(off / own, tolerance.relative) << tensor;
    EXPECT_GE(cosine, tolerance.cosine) << tensor;
    worst = std::max(worst, off / own), least_cosine = std::min(least_cosine, cosine);
  });
  EXPECT_GT(compared, 30);
  RecordProperty("worst_relative_difference", std::to_string(worst));
  RecordProperty("least_cosine", std::to_string(least_cosine));
}

INSTANTIATE_TEST_SUITE_P(Golden, Bf16, ::testing::ValuesIn(test::kVariants),
                         [](const auto& test) { return std::string(test.param.folder); });

}  // namespace
}  // namespace attune
