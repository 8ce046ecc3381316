#include "attune/losses/classes/early_learning.h"

#include <algorithm>
#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

constexpr double kLeast = 1e-4;

class EarlyLearning final : public ClassLoss {
 public:
  EarlyLearning(const EarlyLearningOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts),
        lambda_(own.lambda),
        beta_(own.beta),
        state_(std::make_shared<ExampleState>(facts.labels, static_cast<int64_t>(facts.items))) {
    if (facts.sequences)
      fail(ErrorKind::usage, "it remembers an answer for each training row, and tags have one for each word");
  }
  std::string name() const override { return "early_learning"; }
  std::shared_ptr<ExampleState>* state() override { return &state_; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    for (size_t c = 0; c < gradient.size(); ++c) gradient[c] += share * (row.p[c] - (c == y ? 1.0 : 0.0));
    return -row.log_p[y] + held_back(row, share, gradient);
  }

  double expected(const ClassRow& row, std::span<const double> q, std::span<double> gradient) const override {
    double mass = 0, sum = 0;
    for (size_t c = 0; c < q.size(); ++c)
      if (q[c] != 0) mass += q[c], sum -= q[c] * row.log_p[c];
    for (size_t c = 0; c < gradient.size(); ++c) gradient[c] += mass * row.p[c] - q[c];
    return sum + mass * held_back(row, mass, gradient);
  }

 private:
  // lambda log(1 - <q, t>); adds share times its gradient, and notes t.
  double held_back(const ClassRow& row, double share, std::span<double> gradient) const {
    if (row.example < 0) return 0;
    const auto q = [&](size_t c) { return std::clamp(row.p[c], kLeast, 1 - kLeast); };
    double sum = 0;
    for (size_t c = 0; c < row.classes(); ++c) sum += q(c);
    const auto t = [&](size_t c) { return beta_ * state_->at(row.example, c) + (1 - beta_) * q(c) / sum; };
    double agreement = 0, inner = 0;
    for (size_t c = 0; c < row.classes(); ++c) {
      agreement += q(c) * t(c);
      if (q(c) == row.p[c]) inner += row.p[c] * t(c);
    }
    for (size_t c = 0; c < gradient.size(); ++c)
      gradient[c] -= share * lambda_ * row.p[c] * ((q(c) == row.p[c] ? t(c) : 0.0) - inner) / (1 - agreement);
    const std::span<float> next = state_->note(row.example);
    for (size_t c = 0; c < row.classes(); ++c) next[c] = static_cast<float>(t(c));
    return lambda_ * std::log1p(-agreement);
  }

  double lambda_, beta_;
  std::shared_ptr<ExampleState> state_;
};

// A row's first step: t is (1 - beta) of the answer at rest.
long double early_learning_reference(const NaiveItem& item) {
  const auto softmax = [](const std::vector<long double>& z) {
    std::vector<long double> p;
    long double sum = 0;
    for (const long double each : z) sum += std::exp(each);
    for (const long double each : z) p.push_back(std::exp(each) / sum);
    return p;
  };
  const auto held = [](long double p) { return std::min(std::max(p, 1e-4L), 1 - 1e-4L); };
  const auto p = softmax(item.z), at_rest = softmax(item.held);
  long double sum = 0, agreement = 0;
  for (const long double each : at_rest) sum += held(each);
  for (size_t c = 0; c < p.size(); ++c) agreement += held(p[c]) * (1 - item.option("beta")) * held(at_rest[c]) / sum;
  return -std::log(p[item.y]) + item.option("lambda") * std::log(1 - agreement);
}

}  // namespace

void EarlyLearningOptions::visit(OptionList& list) {
  list.add("lambda", lambda,
           {.help = "how much it is held to its early answers; 0: cross-entropy", .min = 0, .max = 100});
  list.add("beta", beta, {.help = "how slowly the mean of a row's answers moves", .min = 0, .max = 0.9999});
}

const LossEntry kEarlyLearning{
    .name = "early_learning",
    .fits = TargetKind::classes,
    .summary = "cross-entropy that holds the model to its early answers; for labels that are partly wrong",
    .formula = "-log p[y] + lambda * log(1 - <p, t>),  t: running mean of the row's own answers, a constant",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Liu et al. 2020, arXiv 2007.00151, eq. 6; lambda 3 and beta 0.7 are theirs for CIFAR-10",
    .notes =
        "Remembers [rows, K] f32 while training. p is held within 1e-4 and 1 - 1e-4, as in their code. Values may "
        "be below 0; evaluations show plain cross-entropy.",
    .maker = maker_of<EarlyLearning, EarlyLearningOptions, ClassOptions>,
    .reference = early_learning_reference,
    .holds_constants = true};

}  // namespace attune::losses
