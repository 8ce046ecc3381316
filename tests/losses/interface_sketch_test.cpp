// Losses of awkward shapes against losses/loss.h (sketches.h, and InfoNCE here): compiled and exercised, not shipped.
// They show that the interface carries parameters of a loss's own, sequences and a decoding (linear-chain CRF), items
// that depend on their company (InfoNCE). What needs two passes is a strategy: tests/train/strategy_test.cpp; trained,
// saved and opened again these go through tests/train/loss_interface_test.cpp. f64 only.
#include <cmath>
#include <numeric>

#include "attune/losses/language/make_objective.h"
#include "attune/losses/shared/stable.h"

#include "tests/losses/on_tape.h"
#include "tests/losses/sketches.h"

namespace attune {
namespace {

using autograd::Context;
using autograd::Tape;
using losses::LossInput;
using losses::LossTerm;
using losses::Targets;
using tensor::DType;
using tensor::Tensor;
using test::Chain;
using test::Crf;
using test::log_sum_exp;
using test::OnTape;
using test::term_of;

class CrfTest : public ::testing::Test {
 protected:
  CrfTest() {
    crf_.add_parameters(parameters_);
    parameters_.allocate(DType::f64);
    parameters_.prepare_gradients();
    for (const auto& p : parameters_.all()) parameters_.initialise(*p, 1, 1);
    for (int i = 0; i < 9; ++i) crf_.transitions()->value.as<double>()[i] = std::sin(i);
    for (int i = 0; i < 6; ++i) crf_.ends()->value.as<double>()[i] = std::cos(2 * i);
    tape_.parameters = &parameters_;
    targets_.sequences = {0, 3, 4};
  }
  Crf crf_{3};
  nn::Parameters parameters_;
  OnTape tape_;
  Targets targets_ = test::classes({2, 0, 1, 1});
  std::vector<double> logits_{0.1, -0.4, 0.9, 1.2, 0.3, -0.7, 0.2, 0.8, -1.1, 0.5, -0.2, 0.4};
};

TEST_F(CrfTest, EqualsTheSumOverAllPaths) {
  const auto got = tape_.evaluate(crf_, logits_, 3, targets_);
  EXPECT_EQ(got.denominator, 2);
  std::vector<double> paths;
  for (int32_t path = 0; path < 27; ++path) {
    const Chain chain{.z = {logits_.begin(), logits_.begin() + 9},
                      .transitions = test::doubles(crf_.transitions()->value),
                      .ends = test::doubles(crf_.ends()->value),
                      .gold = {path / 9, path / 3 % 3, path % 3}};
    paths.push_back(chain.score());
  }
  EXPECT_NEAR(got.items[0], log_sum_exp(paths) - paths[2 * 9 + 0 * 3 + 1], 1e-12);
  EXPECT_GT(got.items[1], 0);
}

TEST_F(CrfTest, GradientsOfLogitsAndOfItsOwnParameters) {
  test::check_gradient(tape_, crf_, logits_, 3, targets_);
  for (nn::Parameter* p : {crf_.transitions(), crf_.ends()})
    for (int64_t i = 0; i < p->shape.count(); ++i) {
      double* at = p->value.as<double>() + i;
      const double value = *at;
      *at = value + 1e-5;
      const double above = tape_.evaluate(crf_, logits_, 3, targets_).loss();
      *at = value - 1e-5;
      const double below = tape_.evaluate(crf_, logits_, 3, targets_).loss();
      *at = value;
      tape_.evaluate(crf_, logits_, 3, targets_);
      EXPECT_NEAR(p->gradient.as<double>()[i], (above - below) / 2e-5, 1e-7) << p->name << " " << i;
    }
  parameters_.check_gradients_arrived();
}

// ---- In-batch InfoNCE: van den Oord, Li, Vinyals 2018, arXiv 1807.03748. Rows 2p and 2p + 1 of the logits are the
// embeddings of a pair; item_p = log sum_j exp(a_p b_j / tau) - a_p b_p / tau; denominator: pairs.

class InfoNce final : public losses::Loss {
 public:
  explicit InfoNce(double temperature) : temperature_(temperature) {}
  std::string name() const override { return "info_nce"; }
  bool depends_on_batch() const override { return true; }
  double denominator(const Targets& targets) const override { return static_cast<double>(targets.items()) / 2; }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const int64_t pairs = input.targets.items() / 2;
    const Tensor x = input.logits;
    Tensor items = context.make({pairs}, DType::f64);
    for (int64_t p = 0; p < pairs; ++p) {
      const auto s = similarities(x, p, pairs, temperature_);
      items.as<double>()[p] = log_sum_exp(s) - s[static_cast<size_t>(p)];
    }
    if (context.records(x)) {
      items = context.tape->variable(items);
      context.tape->record("info_nce", items, [x, pairs, temperature = temperature_](Tape& tape, Tensor d_items) {
        const Tensor dx = tape.gradient_to_add_to(x);
        const int64_t size = x.cols();
        for (int64_t p = 0; p < pairs; ++p) {
          const auto s = similarities(x, p, pairs, temperature);
          const double all = log_sum_exp(s);
          for (int64_t j = 0; j < pairs; ++j) {
            const double d =
                d_items.as<double>()[p] * (std::exp(s[static_cast<size_t>(j)] - all) - (j == p)) / temperature;
            for (int64_t c = 0; c < size; ++c) {
              dx.as<double>()[2 * p * size + c] += d * x.as<double>()[(2 * j + 1) * size + c];
              dx.as<double>()[(2 * j + 1) * size + c] += d * x.as<double>()[2 * p * size + c];
            }
          }
        }
      });
    }
    return term_of(context, items, denominator(input.targets));
  }

 private:
  static std::vector<double> similarities(const Tensor& x, int64_t p, int64_t pairs, double temperature) {
    std::vector<double> s;
    const double* a = x.as<double>() + 2 * p * x.cols();
    for (int64_t j = 0; j < pairs; ++j)
      s.push_back(std::inner_product(a, a + x.cols(), x.as<double>() + (2 * j + 1) * x.cols(), 0.0) / temperature);
    return s;
  }
  double temperature_;
};

TEST(InfoNceSketch, DependsOnItsCompany) {
  const InfoNce loss(0.5);
  OnTape tape;
  std::vector<double> rows;
  for (int i = 0; i < 8 * 3; ++i) rows.push_back(std::sin(1.7 * i));
  const auto whole = tape.evaluate(loss, rows, 3, test::classes(std::vector<int32_t>(8, 0)));
  double split = 0;
  for (int half = 0; half < 2; ++half)
    split +=
        tape.evaluate(loss, {rows.begin() + 12 * half, rows.begin() + 12 * (half + 1)}, 3, test::classes({0, 0, 0, 0}))
            .sum;
  EXPECT_EQ(whole.denominator, 4);
  EXPECT_GT(whole.sum, split + 1);  // so micro-batches must be refused, and the loss says so
  EXPECT_TRUE(loss.depends_on_batch());
  test::check_gradient(tape, loss, rows, 3, test::classes(std::vector<int32_t>(8, 0)));
}

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
