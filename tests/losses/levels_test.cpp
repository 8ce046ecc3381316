// CORN: which questions are asked, and how its outputs answer for the classes.
#include <cmath>

#include "attune/losses/language/make_objective.h"
#include "attune/losses/shared/stable.h"

#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using test::OnTape;

TEST(Corn, AsksOnlyWhatApplies) {
  const auto corn = losses::make_loss("corn", losses::TargetKind::classes, {.labels = 4});
  const losses::Loss& loss = *corn;
  OnTape tape;
  const std::vector<double> logits{0.4, 9, 9, 0.4, -0.3, 0.6, 1, 1, 1};
  const auto targets = test::classes({0, 3, losses::kIgnored});
  const auto got = tape.evaluate(loss, logits, 3, targets);
  using losses::softplus;
  EXPECT_EQ(got.denominator, 1 + 3);
  EXPECT_NEAR(got.items[0], softplus(0.4), 1e-12);  // y = 0: "is it above 0?" no; nothing more is asked
  EXPECT_NEAR(got.items[1], softplus(-0.4) + softplus(0.3) + softplus(-0.6), 1e-12);
  EXPECT_EQ(got.items[2], 0);
  EXPECT_EQ(got.d_logits[1], 0);
  test::check_gradient(tape, loss, logits, 3, targets);
}

TEST(Corn, ItsLinkGivesProbabilitiesOfTheClasses) {
  const auto corn = losses::make_loss("corn", losses::TargetKind::classes, {.labels = 4});
  const losses::Loss& loss = *corn;
  ASSERT_EQ(loss.link()->outputs(4), 3);
  const std::vector<float> outputs{0.4f, -0.3f, 1.2f};
  std::vector<float> logits(4);
  loss.link()->to_logits(outputs, logits);
  const auto sigmoid = [&](size_t k) { return 1 / (1 + std::exp(-static_cast<double>(outputs[k]))); };
  const double above[] = {1, sigmoid(0), sigmoid(0) * sigmoid(1), sigmoid(0) * sigmoid(1) * sigmoid(2), 0};
  for (size_t k = 0; k < 4; ++k)
    EXPECT_NEAR(std::exp(static_cast<double>(logits[k])), above[k] - above[k + 1], 1e-6) << k;
  loss.link()->to_logits(std::vector<float>{500, -500, 500}, logits);
  for (const float z : logits) EXPECT_TRUE(std::isfinite(z));
}

}  // namespace
}  // namespace attune
