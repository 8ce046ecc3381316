// Four losses of awkward shapes against losses/loss.h: compiled and exercised here, not shipped. They show that the
// interface carries parameters of a loss's own and sequences (linear-chain CRF), items that depend on their company
// (InfoNCE), targets derived from labels (CORN), and two passes over the same rows (R-Drop, which is a strategy and no
// loss). f64 only.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "attune/losses/cross_entropy.h"
#include "attune/losses/targets.h"
#include "attune/nn/linear.h"
#include "attune/ops/dropout.h"
#include "attune/ops/item_losses.h"

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

double log_sum_exp(const std::vector<double>& x) {
  const double most = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double each : x) sum += std::exp(each - most);
  return most + std::log(sum);
}

// Ones as weights of items that are not the logits' rows, and the sums that follow.
LossTerm term_of(Context& context, const Tensor& items, double denominator) {
  LossTerm term{
      .items = items, .weights = context.make(items.shape, items.dtype), .denominator = denominator, .parts = {}};
  context.kernels.fill({.y = term.weights, .value = 1});
  term.sum = losses::weighted_sum(items, term.weights, items.count());
  return term;
}

// ---- Linear-chain CRF: Lafferty, McCallum, Pereira 2001. item_b = log Z(z_b) - score(z_b, y_b); denominator:
// sequences.

struct Chain {
  const double *z, *transitions, *ends;  // [T, K], [K, K] from-to, [2, K] of beginning and ending with a label
  const int32_t* gold;
  int64_t length, labels;

  double emission(int64_t t, int64_t k) const { return z[t * labels + k]; }
  double transition(int64_t from, int64_t to) const { return transitions[from * labels + to]; }

  double score() const {
    double sum = ends[gold[0]] + ends[labels + gold[length - 1]];
    for (int64_t t = 0; t < length; ++t) sum += emission(t, gold[t]) + (t > 0 ? transition(gold[t - 1], gold[t]) : 0);
    return sum;
  }
  // before[t][k]: log of the summed scores of all ways to reach label k at t; after[t][k]: of all ways on from there.
  using Table = std::vector<std::vector<double>>;
  Table before() const {
    Table a(static_cast<size_t>(length), std::vector<double>(static_cast<size_t>(labels)));
    for (int64_t t = 0; t < length; ++t)
      for (int64_t k = 0; k < labels; ++k) {
        std::vector<double> ways;
        for (int64_t j = 0; t > 0 && j < labels; ++j) ways.push_back(a[t - 1][j] + transition(j, k));
        a[t][k] = emission(t, k) + (t > 0 ? log_sum_exp(ways) : ends[k]);
      }
    return a;
  }
  Table after() const {
    Table b(static_cast<size_t>(length), std::vector<double>(static_cast<size_t>(labels)));
    for (int64_t t = length - 1; t >= 0; --t)
      for (int64_t k = 0; k < labels; ++k) {
        std::vector<double> ways;
        for (int64_t j = 0; t + 1 < length && j < labels; ++j)
          ways.push_back(transition(k, j) + emission(t + 1, j) + b[t + 1][j]);
        b[t][k] = t + 1 < length ? log_sum_exp(ways) : ends[labels + k];
      }
    return b;
  }
  double log_z() const {
    std::vector<double> last = before().back();
    for (int64_t k = 0; k < labels; ++k) last[k] += ends[labels + k];
    return log_sum_exp(last);
  }
  // Adds scale * d(item) to each gradient that is wanted: expected counts less the gold ones.
  void add_gradients(double scale, double* dz, double* d_transitions, double* d_ends) const {
    const Table a = before(), b = after();
    const double z_all = log_z();
    for (int64_t t = 0; t < length; ++t)
      for (int64_t k = 0; k < labels; ++k) {
        const double count = scale * (std::exp(a[t][k] + b[t][k] - z_all) - (gold[t] == k));
        if (dz) dz[t * labels + k] += count;
        if (d_ends && t == 0) d_ends[k] += count;
        if (d_ends && t == length - 1) d_ends[labels + k] += count;
        for (int64_t j = 0; d_transitions && t > 0 && j < labels; ++j)
          d_transitions[j * labels + k] +=
              scale * (std::exp(a[t - 1][j] + transition(j, k) + emission(t, k) + b[t][k] - z_all) -
                       (gold[t - 1] == j && gold[t] == k));
      }
  }
};

class Crf final : public losses::Loss {
 public:
  explicit Crf(int64_t labels) : labels_(labels) {}
  std::string name() const override { return "crf"; }
  void add_parameters(nn::Parameters& parameters) override {
    transitions_ =
        parameters.add("crf.transitions", {labels_, labels_}, {.init = nn::Init::zeros, .decays = false, .pieces = {}});
    ends_ = parameters.add("crf.ends", {2, labels_}, {.init = nn::Init::zeros, .decays = false, .pieces = {}});
  }
  double denominator(const Targets& targets) const override {
    return static_cast<double>(targets.sequences.size()) - 1;
  }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    const Targets& y = input.targets;
    const auto sequences = static_cast<int64_t>(y.sequences.size()) - 1;
    const Tensor z = input.logits, transitions = transitions_->value, ends = ends_->value;
    Tensor items = context.make({sequences}, DType::f64);
    // The arena keeps what the backward reads: targets may be gone by then.
    const int32_t* gold = losses::class_targets(context, y, z.rows());
    auto* begins = context.make({sequences + 1}, DType::i32).as<int32_t>();
    std::copy(y.sequences.begin(), y.sequences.end(), begins);
    const auto chain = [z, transitions, ends, gold, begins, labels = labels_](int64_t b) {
      return Chain{z.as<double>() + begins[b] * labels,
                   transitions.as<double>(),
                   ends.as<double>(),
                   gold + begins[b],
                   begins[b + 1] - begins[b],
                   labels};
    };
    for (int64_t b = 0; b < sequences; ++b) items.as<double>()[b] = chain(b).log_z() - chain(b).score();
    if (context.records(z, transitions, ends)) {
      items = context.tape->variable(items);
      context.tape->record(
          "crf", items, [z, transitions, ends, chain, begins, sequences, labels = labels_](Tape& tape, Tensor d_items) {
            const auto address = [](const Tensor& t) { return t.defined() ? t.as<double>() : nullptr; };
            double* dz = address(tape.gradient_to_add_to(z));
            double* d_transitions = address(tape.gradient_to_add_to(transitions));
            double* d_ends = address(tape.gradient_to_add_to(ends));
            for (int64_t b = 0; b < sequences; ++b)
              chain(b).add_gradients(d_items.as<double>()[b], dz ? dz + begins[b] * labels : nullptr, d_transitions,
                                     d_ends);
          });
    }
    return term_of(context, items, denominator(y));
  }

  nn::Parameter* transitions() const { return transitions_; }
  nn::Parameter* ends() const { return ends_; }

 private:
  int64_t labels_;
  nn::Parameter *transitions_ = nullptr, *ends_ = nullptr;
};

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
    const int32_t labels[] = {path / 9, path / 3 % 3, path % 3};
    paths.push_back(
        Chain{logits_.data(), crf_.transitions()->value.as<double>(), crf_.ends()->value.as<double>(), labels, 3, 3}
            .score());
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

// ---- CORN: Shi, Cao, Raschka 2021, arXiv 2111.08851. K ordered classes, K - 1 logits; logit k answers "is y > k?" and
// is asked only where y >= k. denominator: questions asked.

class Corn final : public losses::Loss {
 public:
  std::string name() const override { return "corn"; }
  // The number of classes is the logits' width + 1, which a denominator is not told: so it is an option of the loss.
  explicit Corn(int32_t classes) : classes_(classes) {}
  double denominator(const Targets& targets) const override {
    double asked = 0;
    for (int64_t i = 0; i < targets.items(); ++i)
      if (targets.classes[i] != losses::kIgnored)
        asked += targets.weight(i) * std::min(targets.classes[i] + 1, classes_ - 1);
    return asked;
  }
  LossTerm evaluate(Context& context, const LossInput& input) const override {
    ATTUNE_CHECK(input.logits.cols() == classes_ - 1, "{} logits for {} ordered classes", input.logits.cols(),
                 classes_);
    Targets levels;
    levels.width = classes_ - 1;
    levels.weights = input.targets.weights;
    for (const int32_t y : input.targets.classes)
      for (int32_t k = 0; k < classes_ - 1; ++k) levels.values.push_back(y < k ? -1.0f : y > k ? 1.0f : 0.0f);
    const int64_t rows = input.logits.rows();
    LossTerm term;
    term.weights = losses::item_weights(context, levels, rows);
    term.items =
        ops::sigmoid_cross_entropy(context, input.logits, losses::value_targets(context, levels, rows, -1), {});
    term.sum = losses::weighted_sum(term.items, term.weights, levels.items());
    term.denominator = denominator(input.targets);
    return term;
  }

 private:
  int32_t classes_;
};

TEST(CornSketch, AsksOnlyWhatApplies) {
  const Corn loss(4);
  OnTape tape;
  const std::vector<double> logits{0.4, 9, 9, 0.4, -0.3, 0.6, 1, 1, 1};
  const auto targets = test::classes({0, 3, losses::kIgnored});
  const auto got = tape.evaluate(loss, logits, 3, targets);
  const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
  EXPECT_EQ(got.denominator, 1 + 3);
  EXPECT_NEAR(got.items[0], softplus(0.4), 1e-12);  // y = 0: "is it above 0?" no; nothing more is asked
  EXPECT_NEAR(got.items[1], softplus(-0.4) + softplus(0.3) + softplus(-0.6), 1e-12);
  EXPECT_EQ(got.items[2], 0);
  EXPECT_EQ(got.d_logits[1], 0);
  test::check_gradient(tape, loss, logits, 3, targets);
}

// ---- R-Drop: Liang et al. 2021, arXiv 2106.14448, equation 4: two passes under different dropout, both
// cross-entropies, and alpha times the symmetric divergence of the two predictions. A strategy of the training loop
// around any loss.

std::vector<double> log_softmax(const Tensor& z, int64_t row) {
  std::vector<double> x(z.as<double>() + row * z.cols(), z.as<double>() + (row + 1) * z.cols());
  const double all = log_sum_exp(x);
  for (double& each : x) each -= all;
  return x;
}

// item_i = (KL(p_i | q_i) + KL(q_i | p_i)) / 2 = 1/2 sum_k (p - q)(log p - log q).
Tensor divergence(Context& context, const Tensor& first, const Tensor& second) {
  Tensor items = context.make({first.rows()}, DType::f64);
  for (int64_t i = 0; i < first.rows(); ++i) {
    const auto p = log_softmax(first, i), q = log_softmax(second, i);
    double sum = 0;
    for (size_t k = 0; k < p.size(); ++k) sum += 0.5 * (std::exp(p[k]) - std::exp(q[k])) * (p[k] - q[k]);
    items.as<double>()[i] = sum;
  }
  if (!context.records(first, second)) return items;
  items = context.tape->variable(items);
  context.tape->record("divergence", items, [first, second](Tape& tape, Tensor d_items) {
    const auto one_side = [&](const Tensor& here, const Tensor& there) {
      const Tensor dz = tape.gradient_to_add_to(here);
      for (int64_t i = 0; dz.defined() && i < here.rows(); ++i) {
        const auto p = log_softmax(here, i), q = log_softmax(there, i);
        double kl = 0;
        for (size_t k = 0; k < p.size(); ++k) kl += std::exp(p[k]) * (p[k] - q[k]);
        for (size_t k = 0; k < p.size(); ++k)
          dz.as<double>()[i * here.cols() + static_cast<int64_t>(k)] +=
              d_items.as<double>()[i] * 0.5 * (std::exp(p[k]) * (p[k] - q[k] - kl) + std::exp(p[k]) - std::exp(q[k]));
      }
    };
    one_side(first, second);
    one_side(second, first);
  });
  return items;
}

// The objective of one step; its seeds are planted. `forward` runs the model once under context.random.pass.
double r_drop(Context& context, const std::function<Tensor(Context&)>& forward, const losses::Loss& loss,
              const Targets& targets, double alpha) {
  const double denominator = loss.denominator(targets);
  double objective = 0;
  Tensor logits[2], weights;
  for (uint64_t pass = 0; pass < 2; ++pass) {
    context.random.pass = pass;
    logits[pass] = forward(context);
    const LossTerm term = loss.evaluate(context, {.logits = logits[pass], .hidden = {}, .targets = targets});
    losses::seed_backward(context, term, 1 / denominator);
    objective += term.sum / denominator;
    weights = term.weights;
  }
  LossTerm agreement{
      .items = divergence(context, logits[0], logits[1]), .weights = weights, .denominator = denominator, .parts = {}};
  agreement.sum = losses::weighted_sum(agreement.items, weights, targets.items());
  losses::seed_backward(context, agreement, alpha / denominator);
  return objective + alpha * agreement.sum / denominator;
}

TEST(RDropSketch, TwoPassesOneObjective) {
  constexpr int64_t kRows = 16, kIn = 5, kClasses = 3;
  nn::Parameters parameters;
  const nn::Linear linear(parameters, "linear", {.in = kIn, .out = kClasses});
  parameters.allocate(DType::f64);
  parameters.prepare_gradients();
  for (const auto& p : parameters.all()) parameters.initialise(*p, 3, 0.5);
  OnTape tape;
  tape.parameters = &parameters;
  const auto loss = losses::make_cross_entropy({});
  const Targets targets = test::classes({0, 2, 1, losses::kIgnored, 1});
  std::vector<uint64_t> keys(kRows);
  std::iota(keys.begin(), keys.end(), 11U);
  const auto objective = [&](float dropout, double alpha) {
    tape.clear();
    Context context = tape.context();
    std::vector<double> x;
    for (int i = 0; i < kRows * kIn; ++i) x.push_back(std::cos(0.9 * i));
    const Tensor input = tape.matrix(x, kRows, kIn);
    const auto forward = [&](Context& c) {
      return linear.forward(c, ops::dropout(c, input, {.p = dropout, .stream = 5, .row_keys = keys.data()}));
    };
    const double value = r_drop(context, forward, *loss, targets, alpha);
    tape.tape().backward();
    return value;
  };
  EXPECT_NEAR(objective(0, 4), objective(0, 0), 1e-12);  // equal passes agree
  EXPECT_GT(objective(0.4f, 4), objective(0.4f, 0) + 0.01);
  for (const auto& p : parameters.all())
    for (int64_t i = 0; i < p->shape.count(); ++i) {
      double* at = p->value.as<double>() + i;
      const double value = *at;
      *at = value + 1e-5;
      const double above = objective(0.4f, 4);
      *at = value - 1e-5;
      const double below = objective(0.4f, 4);
      *at = value;
      objective(0.4f, 4);
      EXPECT_NEAR(p->gradient.as<double>()[i], (above - below) / 2e-5, 1e-6) << p->name << " " << i;
    }
}

}  // namespace
}  // namespace attune
