// How the terms of an objective pull, against the last layer's own arithmetic.
#include "attune/train/term_gradients.h"

#include "attune/losses/language/make_objective.h"
#include "attune/train/train_step.h"

#include "tests/train/golden_bert.h"

namespace attune {
namespace {

class Terms : protected test::GoldenBert, public testing::Test {
 protected:
  Terms() : GoldenBert(test::kVariants[0], test::DType::f64) {
    optimizer_ = optim::make_optimizer(model_->parameters(), {});
  }
  losses::Objective objective(const std::string& text) {
    return losses::make_objective(text, variant_.targets, {.labels = outputs_});
  }
  // Looks at one step over all rows, in micro-batches.
  void look(train::TermGradients& terms, const losses::Objective& loss, const std::vector<std::vector<int>>& split) {
    terms.begin(loss.terms().size());
    const losses::PerTerm<double> denominators(loss.terms().size(), 5);
    for (const auto& rows : split) {
      const tasks::Batch some = batch(rows, variant_.losses[0]);
      arena_.reset();
      autograd::Context context{.kernels = *kernels_, .arena = arena_, .compute = compute_, .training = true};
      const auto output = model_->forward(context, some.rows, some.head());
      terms.add({.context = context, .model = *model_, .loss = loss, .batch = some, .denominators = denominators},
                output);
    }
  }
  double cosine(const losses::Objective& loss, const std::vector<std::vector<int>>& split) {
    train::TermGradients terms(*kernels_);
    look(terms, loss, split);
    return terms.cosine(0, 1).value_or(7);
  }
  // By the chain rule, (d items / d logits) W: of cross-entropy and of the squared log-normaliser.
  double by_hand() {
    const tasks::Batch all = batch(test::kAllRows, variant_.losses[0]);
    arena_.reset();
    autograd::Context context{.kernels = *kernels_, .arena = arena_, .compute = compute_};
    const auto output = model_->forward(context, all.rows, all.head());
    const double* w = model_->parameters().find("classifier.weight")->value.as<double>();
    const auto k = static_cast<size_t>(outputs_), c = static_cast<size_t>(output.features.cols());
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < 5; ++i) {
      const double* z = output.logits.as<double>() + i * k;
      double sum = 0;
      for (size_t j = 0; j < k; ++j) sum += std::exp(z[j]);
      for (size_t f = 0; f < c; ++f) {
        double a = 0, b = 0;
        for (size_t j = 0; j < k; ++j) {
          const double p = std::exp(z[j]) / sum;
          a += (p - (all.targets.classes[i] == static_cast<int32_t>(j) ? 1 : 0)) * w[j * c + f];
          b += 2 * std::log(sum) * p * w[j * c + f];
        }
        ab += a * b, aa += a * a, bb += b * b;
      }
    }
    return ab / std::sqrt(aa * bb);
  }
  std::unique_ptr<optim::Optimizer> optimizer_;
};

TEST_F(Terms, CosinesAreThoseOfTheGradients) {
  EXPECT_NEAR(cosine(objective("cross_entropy + 0.3*focal(gamma=0)"), {test::kAllRows}), 1, 1e-12);
  const auto two = objective("cross_entropy + 0.01*z_loss");
  EXPECT_NEAR(cosine(two, {test::kAllRows}), by_hand(), 1e-12);
  EXPECT_NEAR(cosine(two, {{0, 3}, {1}, {2, 4}}), by_hand(), 1e-12) << "splits change nothing";
}

TEST_F(Terms, LookingChangesNoGradient) {
  const auto gradients = [&](int64_t step) {
    const auto loss = objective("cross_entropy + 0.01*z_loss");
    train::TrainStep taken(*model_, loss, *optimizer_, *kernels_, {.peak_rate = 0, .clip = 0, .seed = 3});
    taken.run(std::vector{batch({0, 1}, variant_.losses[0]), batch({2, 3, 4}, variant_.losses[0])}, step);
    std::vector<double> all;
    for_each_tensor(true, [&](const std::string&, const std::vector<double>& values) {
      all.insert(all.end(), values.begin(), values.end());
    });
    return all;
  };
  EXPECT_EQ(gradients(0), gradients(1)) << "step 0 is looked at, step 1 is not";
}

// Labels that the model finds likely: cross-entropy pushes the others down, the log-normaliser pushes these.
TEST_F(Terms, OppositionIsToldOnceAfterAWindow) {
  nn::Parameter* bias = model_->parameters().find("classifier.bias");
  for (int64_t k = 0; k < outputs_; ++k) bias->value.as<double>()[k] = 4;  // log sum exp above 0
  const auto loss = objective("cross_entropy + 0.01*z_loss");
  train::TermGradients terms(*kernels_);
  look(terms, loss, {test::kAllRows});
  const double sign = *terms.cosine(0, 1) < 0 ? 1 : -1;
  for (int64_t k = 0; k < outputs_; ++k) bias->value.as<double>()[k] = 4 * sign;
  look(terms, loss, {test::kAllRows});
  ASSERT_LT(*terms.cosine(0, 1), 0);
  train::Opposition opposition;
  std::vector<std::string> notes;
  for (int look = 0; look < 3 * train::kLooksAWindow; ++look)
    for (auto& note : opposition.look(terms, loss, look * train::kStepsALook)) notes.push_back(note);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("'cross_entropy' and 'z_loss' pull against each other"), std::string::npos);
  EXPECT_NE(notes[0].find("from step 1 to 191"), std::string::npos) << notes[0];
}

}  // namespace
}  // namespace attune
