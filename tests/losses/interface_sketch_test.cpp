// A loss of awkward shape against losses/loss.h, compiled and exercised, not shipped: items that depend on their
// company (InfoNCE). What needs two passes is a strategy: tests/train/strategy_test.cpp. f64 only.
#include <cmath>
#include <numeric>

#include "attune/losses/shared/stable.h"
#include "attune/losses/targets.h"

#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using autograd::Context;
using autograd::Tape;
using losses::LossInput;
using losses::LossTerm;
using losses::Targets;
using tensor::DType;
using tensor::Tensor;
using test::OnTape;

// Ones as weights of items that are not the logits' rows, and the sums that follow.
losses::LossTerm term_of(Context& context, const Tensor& items, double denominator) {
  losses::LossTerm term{.items = items, .weights = context.make(items.shape, items.dtype), .denominator = denominator};
  context.kernels.fill({.y = term.weights, .value = 1});
  term.sum = losses::weighted_sum(context, items, term.weights, items.count());
  return term;
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
      items.as<double>()[p] = losses::log_sum_exp(s) - s[static_cast<size_t>(p)];
    }
    if (context.records(x)) {
      items = context.tape->variable(items);
      context.tape->record("info_nce", items, [x, pairs, temperature = temperature_](Tape& tape, Tensor d_items) {
        const Tensor dx = tape.gradient_to_add_to(x);
        const int64_t size = x.cols();
        for (int64_t p = 0; p < pairs; ++p) {
          const auto s = similarities(x, p, pairs, temperature);
          const double all = losses::log_sum_exp(s);
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

}  // namespace
}  // namespace attune
