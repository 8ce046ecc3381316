// Parity with PyTorch + transformers on tiny random BERTs (tests/models/golden, made by tools/golden_bert.py): logits,
// loss, each parameter's gradient, and ten AdamW steps, through the very code that trains real models.
#include "attune/optim/clipping.h"
#include "attune/train/train_step.h"

#include "golden_bert.h"

namespace attune {
namespace {

using nlohmann::json;
using tensor::DType;
using test::kAllRows;
using test::Variant;

class BertParity : public ::testing::TestWithParam<std::tuple<Variant, DType>>, protected test::GoldenBert {
 protected:
  BertParity() : GoldenBert(std::get<0>(GetParam()), std::get<1>(GetParam())) {}
  double tolerance() const { return compute_ == DType::f64 ? 3e-6 : 1e-5; }
};

TEST_P(BertParity, LogitsAndLosses) {
  for (const char* name : variant_.losses) {
    arena_.reset();
    const tasks::Batch all = batch(kAllRows, name);
    autograd::Context context{.kernels = *kernels_, .arena = arena_, .compute = compute_};
    const auto output = model_->forward(context, all.rows, all.head());
    const auto golden = read("logits");
    for (size_t i = 0; i < golden.size(); ++i) {
      const double got =
          compute_ == DType::f64 ? output.logits.as<double>()[i] : static_cast<double>(output.logits.as<float>()[i]);
      ASSERT_NEAR(got, golden[i], 1e-5 * std::max(1.0, std::abs(static_cast<double>(golden[i])))) << "logit " << i;
    }
    const auto term = loss(name)->evaluate(
        context,
        {.logits = output.logits, .hidden = output.hidden, .features = output.features, .targets = all.targets});
    EXPECT_NEAR(term.sum / term.denominator, golden_["losses"][name]["loss"].get<double>(), 1e-5) << name;
  }
}

// One step with rate 0 leaves the gradients to look at; and the split into micro-batches changes nothing but rounding.
TEST_P(BertParity, GradientOfEveryParameterForAnySplit) {
  const char* name = variant_.losses.front();
  const std::vector<std::vector<std::vector<int>>> splits{{kAllRows}, {{0, 1}, {2}, {3, 4}}, {{0}, {1}, {2}, {3}, {4}}};
  for (const auto& split : splits) {
    auto optimizer = optim::make_optimizer(model_->parameters(), {.name = "sgd", .weight_decay = 0});
    const losses::Objective objective = loss(name);
    train::TrainStep step(*model_, objective, *optimizer, *kernels_, {.peak_rate = 0, .clip = 0});
    std::vector<tasks::Batch> micro;
    for (const auto& rows : split) micro.push_back(batch(rows, name));
    const auto report = step.run(micro, 0);
    const double global = golden_["losses"][name]["grad_norm"].get<double>();
    EXPECT_NEAR(report.loss, golden_["losses"][name]["loss"].get<double>(), 1e-5);
    EXPECT_NEAR(report.gradient_norm / global, 1, tolerance());
    int compared = 0;
    for_each_tensor(true, [&](const std::string& tensor, const std::vector<double>& gradient) {
      const auto golden = read("grad." + tensor);
      ASSERT_EQ(golden.size(), gradient.size()) << tensor;
      const double own = norm({golden.begin(), golden.end()});
      const double against = own < 1e-7 * global ? global : own;
      EXPECT_LE(distance(gradient, golden) / against, tolerance())
          << tensor << ", " << split.size() << " micro-batches";
      ++compared;
    });
    EXPECT_GT(compared, 30);
  }
}

TEST_P(BertParity, TenStepsOfAdamW) {
  const char* name = variant_.losses.front();
  auto optimizer = optim::make_optimizer(model_->parameters(), {});
  const losses::Objective objective = loss(name);
  train::TrainStep step(
      *model_, objective, *optimizer, *kernels_,
      {.peak_rate = 1e-3, .clip = 1.0, .schedule = {.kind = optim::ScheduleKind::linear, .warmup = 1, .total = 10}});
  const std::vector<tasks::Batch> whole{batch(kAllRows, name)};
  for (int t = 0; t < 10; ++t) {
    const json& golden = golden_["adamw"]["steps"][t];
    const auto report = step.run(whole, t);
    EXPECT_NEAR(report.rate, golden["lr"].get<double>(), 1e-12) << t;
    EXPECT_NEAR(report.loss, golden["loss"].get<double>(), 1e-5) << t;
    EXPECT_NEAR(report.gradient_norm / golden["grad_norm"].get<double>(), 1, 2e-5) << t;
  }
  if (std::string(variant_.folder) != "sequence_classification") return;
  for_each_tensor(false, [&](const std::string& tensor, const std::vector<double>& values) {
    const auto golden = read("after_10." + tensor);
    // Key biases have no gradient but rounding, and Adam makes full steps of it: bounded by the rates' sum, not by
    // parity.
    if (tensor.ends_with("self.key.bias")) {
      EXPECT_LE(distance(values, golden), 1e-3 * 10 * std::sqrt(32.0)) << tensor;
      return;
    }
    EXPECT_LE(distance(values, golden) / norm({golden.begin(), golden.end()}), 1e-5) << tensor;
  });
}

INSTANTIATE_TEST_SUITE_P(Golden, BertParity,
                         ::testing::Combine(::testing::ValuesIn(test::kVariants),
                                            ::testing::Values(DType::f32, DType::f64)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).folder) + "_" +
                                  tensor::name(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace attune
