// Formulas of the user's own: equal to the list's losses, exact at the edges, and refused where they are wrong.
#include "attune/losses/formula/formula.h"

#include <cmath>
#include <functional>

#include "attune/losses/check/trial.h"
#include "attune/losses/formula/parse.h"
#include "attune/losses/language/make_objective.h"

#include "tests/base/expect_error.h"
#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using losses::make_loss;
using losses::make_objective;
using losses::TargetKind;

const losses::LossFacts kFour{.labels = 4, .counts = {50, 5, 500, 1}, .items = 556, .names = {"a", "b", "c", "d"}};
constexpr auto kClasses = TargetKind::classes, kLabels = TargetKind::labels, kScores = TargetKind::scores;

losses::LossFacts facts(TargetKind kind) {
  return kind == kScores ? losses::LossFacts{} : kFour;
}

// Rows of ordinary and of extreme logits.
losses::Batch batch_of(TargetKind kind) {
  losses::Batch batch{.columns = kind == kScores ? 1 : 4, .logits = {}, .targets = {}};
  batch.logits = {0.3,  -1, 0.7, 0.2, 2, 0.1, -0.4, 1.5, 50, -50, 0,  0.5,  1e4, 0,   -1e4, 3,
                  -1e4, 0,  0,   0,   0, 0,   0,    0,   30, 0,   29, -1.5, 0.1, 0.2, 0.3,  0.4};
  batch.targets.width = batch.columns;
  for (int64_t i = 0; i < batch.rows(); ++i) batch.targets.weights.push_back(i % 2 ? 0.5F : 2);
  if (kind == kClasses)
    batch.targets.classes = {0, 2, 0, 0, 0, 3, 1, losses::kIgnored};
  else if (kind == kLabels)
    for (size_t i = 0; i < batch.logits.size(); ++i)
      batch.targets.values.push_back(std::vector{0.0F, 1.0F, 0.3F, -1.0F, 1.0F}[(i * i + i / 3) % 5]);
  else
    for (size_t i = 0; i < batch.logits.size(); ++i)
      batch.targets.values.push_back(i % 7 == 6 ? std::nanf("") : static_cast<float>(i % 5) - 2);
  return batch;
}

// Values and gradients of the formula are the loss's; so they are with `options` told to both.
void expect_same(const std::string& formula, const std::string& name, TargetKind kind = kClasses,
                 const std::string& options = "") {
  SCOPED_TRACE(formula + " as " + name + ", " + options);
  const losses::Batch batch = batch_of(kind);
  std::string told = name, also = formula;
  if (!options.empty()) {
    told = name.ends_with(')') ? name.substr(0, name.size() - 1) + ", " + options + ")" : name + "(" + options + ")";
    also += "; " + options;
  }
  const auto want_loss = make_loss(told, kind, facts(kind)), got_loss = make_loss(also, kind, facts(kind));
  const auto want = try_loss(*want_loss, batch, losses::Precision::f64),
             got = try_loss(*got_loss, batch, losses::Precision::f64);
  ASSERT_EQ(got.items.size(), want.items.size());
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b)); };
  for (size_t i = 0; i < want.items.size(); ++i)
    EXPECT_TRUE(near(got.items[i], want.items[i])) << "item " << i << ": " << got.items[i] << ", " << want.items[i];
  for (size_t i = 0; i < want.d_logits.size(); ++i)
    EXPECT_TRUE(near(got.d_logits[i], want.d_logits[i]))
        << "logit " << i << ": " << got.d_logits[i] << ", " << want.d_logits[i];
  EXPECT_NEAR(got.denominator, want.denominator, 1e-9);
  EXPECT_EQ(got.padding, 0);
}

constexpr const char* kFocal = "formula: -(1-p[y])^g * log(p[y]); g=2";

TEST(Formula, EqualsTheListsLossesOfClasses) {
  for (const char* options : {"", "weights=[1,2,0.5,3]", "label_smoothing=0.1", "temperature=2", "weights=balanced"}) {
    expect_same("formula: -log(p[y])", "cross_entropy", kClasses, options);
    expect_same(kFocal, "focal(gamma=2)", kClasses, options);
    expect_same("formula: -(1-p[y])^g * log(p[y]); g=1", "focal(gamma=1)", kClasses, options);
    expect_same("formula: -(1-p[y])^g * log(p[y]); g=0.5", "focal(gamma=0.5)", kClasses, options);
    expect_same("formula: -(1-p[y])^g * log(p[y]); g=2.5", "focal(gamma=2.5)", kClasses, options);
    expect_same("formula: -(1-p[y])^g * log(p[y]); g=0", "focal(gamma=0)", kClasses, options);
    expect_same("formula: -log(p[y]) + e*(1-p[y]); e=1.5", "poly1(epsilon=1.5)", kClasses, options);
    expect_same("formula: (1-p[y]^q)/q; q=0.7", "generalized_ce(q=0.7)", kClasses, options);
    expect_same("formula: -a*log(p[y]) + b*A*(1-p[y]); a=0.1; b=1; A=4", "symmetric_ce(alpha=0.1, beta=1, a=4)",
                kClasses, options);
    expect_same("formula: -log(p[y]) + b*sum(p*log(p)); b=0.1", "confidence_penalty(beta=0.1)", kClasses, options);
  }
  const char* const adjusted = "logit_adjusted(tau=0.8)";
  expect_same("formula: -log(softmax(z + tau*log(prior))[y]); tau=0.8", adjusted);
  expect_same("formula: logsumexp(z + tau*log(prior)) - (z[y] + tau*log(prior[y])); tau=0.8", adjusted);
  expect_same("formula: -log(prior[y]^tau*exp(z[y]) / sum(prior^tau*exp(z))); tau=0.8", adjusted);
}

TEST(Formula, EqualsTheListsLossesOfLabelsAndScores) {
  for (const char* options : {"", "weights=[1,2,0.5,3]", "label_smoothing=0.1", "temperature=2"}) {
    expect_same("formula: -sum(y*log(p) + (1-y)*log(1-p))", "bce", kLabels, options);
    expect_same("formula: sum(softplus(z) - y*z)", "bce", kLabels, options);
    for (const double g : {0.5, 2.0})
      expect_same(fmt::format("formula: -sum(a*y*(1-p)^g*log(p) + (1-a)*(1-y)*p^g*log(1-p)); g={}; a=0.25", g),
                  fmt::format("focal_bce(gamma={}, alpha=0.25)", g), kLabels, options);
    expect_same("formula: log(1 + sum((1-y)*exp(z))) + log(1 + sum(y*exp(-z))); divide_by=items", "zlpr", kLabels,
                options);
  }
  expect_same("formula: -sum(log(where(y > 0, p, 1)^y) + (1-y)*log(1-p))", "bce", kLabels);
  expect_same("formula: (z-y)^2", "mse", kScores);
  expect_same("formula: abs(z-y)", "mae", kScores);
  expect_same("formula: where(abs(z-y) <= d, (z-y)^2/2, d*(abs(z-y) - d/2)); d=1.5", "huber(delta=1.5)", kScores);
  expect_same("formula: where(z > y, (1-q)*(z-y), where(z < y, q*(y-z), 0)); q=0.3", "quantile(tau=0.3)", kScores);
}

// Spelled in many ways, it is still finite where the plain evaluation is not.
TEST(Formula, KnowsStableForms) {
  for (const char* cross_entropy :
       {"logsumexp(z) - z[y]", "-(z - logsumexp(z))[y]", "-log(exp(z[y]) / sum(exp(z)))", "log(sum(exp(z))) - z[y]",
        "-sum(onehot*log(p))", "-log(sum(onehot*p))", "-log(softmax(z))[y]", "-log_softmax(z)[y]",
        "-log((exp(z)/sum(exp(z)))[y])", "-log(p)[y]", "log(1/p[y])", "-log(1 - (1 - p[y]))", "-2*log(sqrt(p[y]))",
        "-log(p[y]^3)/3", "-log(stopgrad(1)*p[y])", "log(exp(z[y]) + sum((1-onehot)*exp(z))) - z[y]"})
    expect_same(std::string("formula: ") + cross_entropy, "cross_entropy");
  for (const char* bce : {"-sum(y*log(sigmoid(z)) + (1-y)*log(1-sigmoid(z)))", "sum(log(1+exp(z)) - y*z)",
                          "sum(y*log1p(exp(-z)) + (1-y)*log1p(exp(z)))", "-sum(y*log(1/(1+exp(-z))) + (1-y)*log(1-p))",
                          "-sum(y*log(exp(z)/(1+exp(z))) + (1-y)*log(1/(1+exp(z))))"})
    expect_same(std::string("formula: ") + bce, "bce", kLabels);
}

double item(const std::string& formula, const std::vector<double>& z, int32_t y,
            std::vector<double>* gradient = nullptr, double progress = 0) {
  const auto loss = make_loss(formula, kClasses, kFour);
  losses::Batch batch{.columns = 4, .logits = z, .targets = test::classes({y})};
  const auto out = try_loss(*loss, batch, losses::Precision::f64, progress);
  if (gradient) *gradient = out.d_logits;
  return out.items[0];
}

// Made at all, its gradient agrees with differences and is finite at the edges.
TEST(Formula, GradientsOfAllFunctions) {
  for (const char* text :
       {"tanh(z[y])", "sigmoid(z[y])", "softplus(z[y])", "abs(z[y])", "sqrt(1+z[y]^2)", "log(1+z[y]^2)",
        "tanh(z[y]+z[y])", "log1p(z[y]^2)", "expm1(-abs(z[y]))", "exp(-abs(z[y]))", "log(1-exp(-1-abs(z[y])))",
        "sum(z*p)", "mean(z^2)", "max(z)", "min(z)", "max(z[y], 1)", "min(z[y]^2, z[y])", "logsumexp(2*z)",
        "sum(softmax(-z)*z)", "sum(log_softmax(2*z)*prior)", "z[y]/(1+z[y]^2)", "(1+z[y]^2)^0.3", "2^tanh(z[y])",
        "(2+tanh(z[y]))^sigmoid(z[y])", "sum(where(z > z[y], z - z[y], 0))", "sum(p^2) - z[y]/K", "sum((1-p)^1.5)",
        "sum((1-p)^0.5)", "-sum(log(1-p))/K", "-log(1-p[y])", "log(sum(n*exp(z)))", "-sum(sqrt(p)*prior)",
        "sum(onehot*z)*sum((1-onehot)*tanh(z))", "t*z[y]^2",
        // 0 on its way back meets a slope without bound
        "where(abs(z[y]) > 1, abs(z[y])^0.3, z[y]^2)", "where(abs(z[y]) > 1, sqrt(abs(z[y])), z[y]^2)"})
    EXPECT_NO_THROW(make_loss(fmt::format("formula: {}", text), kClasses, kFour)) << text;
  for (const char* text : {"sum(tanh(z)*y)", "max(z*y)", "mean(abs(z-y))", "logsumexp(z) + log(sum(y*exp(-z)) + 1)",
                           "-sum(log(1-p^2)*(1-y))", "sum(p^g*(1-p)^h); g=0.4; h=1.3", "sum(abs(y-p)^g); g=1.5"})
    EXPECT_NO_THROW(make_loss(fmt::format("formula: {}", text), kLabels, kFour)) << text;
}

// Numbers that make a part vanish leave the rest as it is.
TEST(Formula, NumbersThatAreNothing) {
  for (const char* nothing : {"e*sum(p*log(p))", "log(1 + e*p)[y]", "e*z[y]", "sum(e*p)", "log(1 + e*p[y])", "e/p[y]",
                              "e*(1-p[y])^e", "sum(onehot*e)", "(p[y]^e - 1)", "sum(p^e) - K"})
    expect_same(fmt::format("formula: -log(p[y]) + {}; e=0", nothing), "cross_entropy");
}

// log(1 - p) where p rounds to 1: from the other logits.
TEST(Formula, TheComplementsLogarithmIsExact) {
  std::vector<double> gradient;
  EXPECT_NEAR(item("formula: -log(1-p[y])", {1e4, 0, 0, -1}, 0, &gradient), 1e4 - std::log(2 + std::exp(-1)), 1e-8);
  EXPECT_NEAR(gradient[0], 1, 1e-12);
  EXPECT_NEAR(gradient[1], -1 / (2 + std::exp(-1)), 1e-12);
  double all = 0, sum = 0;
  for (const double z : {1.0, 2.0, 0.5, 0.0}) all += std::exp(z);
  for (const double z : {1.0, 0.5, 0.0}) sum -= std::log(1 - std::exp(z) / all);
  EXPECT_NEAR(item("formula: -sum((1-onehot)*log(1-p))", {1, 2, 0.5, 0}, 1), sum, 1e-12);
  for (const double z : {0.0, 50.0, -50.0, 1e4, -1e4})
    for (const double g : {0.5, 1.0, 1.5, 2.0, 5.0}) {
      const double value = item(fmt::format("formula: sum((1-p)^g)*log(p[y]); g={}", g), {z, 0, 1, 0}, 0, &gradient);
      EXPECT_TRUE(std::isfinite(value)) << z << ", " << g;
      for (const double d : gradient) EXPECT_TRUE(std::isfinite(d)) << z << ", " << g;
    }
}

TEST(Formula, StopGradientAndProgress) {
  std::vector<double> stopped, plain;
  const std::vector<double> z{0.3, -1, 0.7, 0.2};
  const double p = std::exp(-item("formula: -log(p[y])", z, 2, &plain));
  EXPECT_NEAR(item("formula: -stopgrad(1-p[y])*log(p[y])", z, 2, &stopped), -(1 - p) * std::log(p), 1e-12);
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(stopped[k], (1 - p) * plain[k], 1e-12);
  EXPECT_NEAR(item("formula: -(1-p[y])^(g*t)*log(p[y]); g=4", z, 2, nullptr, 0.5), -(1 - p) * (1 - p) * std::log(p),
              1e-12);
  EXPECT_NEAR(item("formula: (1-t)*(1-p[y]) - t*log(p[y])", z, 2, nullptr, 0.25), 0.75 * (1 - p) - 0.25 * std::log(p),
              1e-12);
  // Labels and scores know it too.
  const auto labels = make_loss("formula: t*sum(softplus(z) - y*z)", kLabels, kFour);
  EXPECT_NEAR(try_loss(*labels, {.columns = 4, .logits = {0, 0, 0, 0}, .targets = test::values({1, 0, 1, 1}, 4)},
                       losses::Precision::f64, 0.5)
                  .sum,
              2 * std::log(2), 1e-12);
  const auto score = make_loss("formula: t*(z-y)^2", kScores, {});
  EXPECT_NEAR(
      try_loss(*score, {.columns = 1, .logits = {3}, .targets = test::values({1})}, losses::Precision::f64, 0.5).sum, 2,
      1e-12);
}

TEST(Formula, FactsOfTheTrainingData) {
  const std::vector<double> z{0, 0, 0, 0};
  EXPECT_NEAR(item("formula: z[y] + n[y]/N + K", z, 2), 500 / 556.0 + 4, 1e-12);
  EXPECT_NEAR(item("formula: z[y] + prior[y]", z, 3), 1.25 / 557, 1e-12);
  EXPECT_NEAR(item("formula: z[y] + sum(prior) + max(n) + min(n) + mean(n)", z, 3), 1 + 500 + 1 + 139, 1e-12);
  EXPECT_ERROR(ErrorKind::usage, make_loss("formula: n[y]*z[y]", kClasses, {.labels = 3}), "not known here");
  EXPECT_ERROR(ErrorKind::usage, make_loss("formula: N*z[y]", kClasses, {.labels = 3}), "not known here");
}

TEST(Formula, UnknownLabelsAreLeftOut) {
  const auto loss = make_loss("formula: max(z) + logsumexp(z) + sum(z*y) + mean(z) + min(z)", kLabels, {.labels = 3});
  const losses::Batch batch{.columns = 3, .logits = {1, 1e3, 3}, .targets = test::values({1, -1, 0}, 3)};
  const auto out = try_loss(*loss, batch, losses::Precision::f64);
  EXPECT_NEAR(out.sum, 3 + std::log(std::exp(1) + std::exp(3)) + 1 + 2 + 1, 1e-12);
  EXPECT_EQ(out.d_logits[1], 0);
  EXPECT_EQ(out.denominator, 2);
}

TEST(Formula, EverySubexpressionStandsOnce) {
  const auto parsed = [](const std::string& text) {
    return losses::formula::parse(losses::formula::split(text), kClasses, kFour, {});
  };
  using losses::formula::Op;
  const auto twice = parsed("formula: log(p[y])*tanh(z[y]+1) + tanh(1+z[y])/log(p)[y] + (z[y]-logsumexp(z))");
  int tanhs = 0, logs = 0;
  for (int id = 0; id < twice.graph.size(); ++id) {
    tanhs += twice.graph[id].op == Op::tanh;
    logs += twice.graph[id].op == Op::at_y && twice.graph[twice.graph[id].a].op == Op::log_p;
  }
  EXPECT_EQ(tanhs, 1);
  EXPECT_EQ(logs, 1);
  // A square of a square of ... stays as small as it is written.
  std::string deep = "z[y]";
  for (int i = 0; i < 40; ++i) deep = "(" + deep + "/9+1)^2";
  EXPECT_LT(parsed("formula: log(" + deep + ")").graph.size(), 500);
}

TEST(Formula, TextMakesTheSameObjectiveAgain) {
  const auto objective =
      make_objective("  formula:  -(1-p[y])^g\n * log(p[y]) ;g = 2; weights=[1, 2,3 ,4]", kClasses, kFour);
  EXPECT_EQ(objective.text(), "formula: -(1-p[y])^g * log(p[y]); g=2; weights=[1,2,3,4]");
  EXPECT_EQ(make_objective(objective.text(), kClasses, kFour).text(), objective.text());
  EXPECT_EQ(objective.terms().size(), 1U);

  const losses::CommonOption weights{.flag = "--class-weights", .name = "weights", .value = "balanced"};
  const losses::CommonOption smoothing{.flag = "--label-smoothing", .name = "label_smoothing", .value = "0.1"};
  const auto common = make_objective(kFocal, kClasses, kFour, {weights, smoothing});
  EXPECT_EQ(common.text(), std::string(kFocal) + "; weights=balanced; label_smoothing=0.1");
  EXPECT_EQ(make_objective(common.text(), kClasses, kFour).text(), common.text());
  EXPECT_EQ(make_objective("formula: -log(p[y]); weights=none", kClasses, kFour, {weights}).text(),
            "formula: -log(p[y]); weights=none")
      << "what was told stands";
  EXPECT_ERROR(ErrorKind::usage, make_objective("formula: (z-y)^2", kScores, {}, {weights}), "--class-weights",
               "no meaning for a formula of scores");
  EXPECT_ERROR(ErrorKind::usage, make_objective(kFocal, kClasses, kFour, {{"--class-weights", "weights", "1,2"}}),
               "--class-weights: 2 numbers for 4 labels");
}

void wrong(const std::string& text, size_t at, const std::string& words, TargetKind kind = kClasses) {
  SCOPED_TRACE(text);
  EXPECT_ERROR(ErrorKind::usage, make_loss(text, kind, facts(kind)), words,
               "\n  " + text + "\n  " + std::string(at, ' ') + "^");
}

TEST(Formula, ErrorsPointAtTheCharacter) {
  wrong("formula:", 8, "expected what is computed");
  wrong("formula: ; g=2", 8, "expected what is computed");
  wrong("formula: -log(p[y]", 18, "expected ',' or ')' in log(...)");
  wrong("formula: -(log(p[y])", 20, "that closes '(' at character 11");
  wrong("formula: log(p[y]))", 18, "this ')' closes nothing");
  wrong("formula: log(p[y]) log(p[y])", 19, "expected an operator");
  wrong("formula: 2 * * z[y]", 13, "expected a number, a name or '('");
  wrong("formula: z[y]**2", 13, "a power is written with ^");
  wrong("formula: z[y] +", 15, "expected a number, a name or '('");
  wrong("formula: z[y]/0", 13, "division by 0");
  wrong("formula: z[y] + log(0)", 16, "not a finite number");
  wrong("formula: z[y] + 1e999", 16, "expected a number");
  wrong("formula: -lgo(p[y])", 10, "unknown function 'lgo'; did you mean 'log'");
  wrong("formula: -gamm*log(p[y]); gamma=2", 10, "did you mean 'gamma'");
  wrong("formula: -g*log(p[y])", 10, "as in '; g=2'");
  wrong("formula: -log(p[y]); g=2", 21, "'g' is not used");
  wrong("formula: -log(p[y]); p=2", 21, "has a meaning in formulas");
  wrong("formula: -log(p[y]); log=2", 21, "has a meaning in formulas");
  wrong("formula: -g*log(p[y]); g=two", 25, "expected a number, got 'two'");
  wrong("formula: -g*log(p[y]); g=", 25, "expected the value of 'g'");
  wrong("formula: -g*log(p[y]); g=1; g=2", 28, "'g' is given twice");
  wrong("formula: -log(p[y]); 3", 21, "a number is named");
  wrong("formula: -log(p[y]);", 20, "a number is named");
  wrong("formula: -log(p)", 9, "the formula is a vector over classes");
  wrong("formula: sum(p[y])", 13, "sum takes a vector over classes");
  wrong("formula: p[y][y]", 9, "one number already");
  wrong("formula: p[2]", 11, "an index is [y]");
  wrong("formula: p[y", 12, "expected ']'");
  wrong("formula: y*z[y]", 9, "it stands in brackets only");
  wrong("formula: p(y)", 9, "'p' is no function; a product is p * (...)");
  wrong("formula: log*2", 9, "'log' is a function");
  wrong("formula: log(1, 2)", 9, "log takes one argument, got 2");
  wrong("formula: max(1, 2, 3)", 9, "one vector, or two arguments, got 3");
  wrong("formula: where(z[y], 1, 2)", 19, "expected a comparison");
  wrong("formula: where(z[y] = 1, 1, 2)", 20, "equality is written ==");
  wrong("formula: where(z[y] < 1, 1)", 9, "where takes three arguments");
  wrong("formula: z[y] < 1", 14, "a comparison stands in where");
  wrong("formula: K + n[y]", 8, "does not depend on the model's outputs");
  wrong("formula: stopgrad(z[y])", 8, "does not depend on the model's outputs");
  wrong("formula: -log(p[y]); weights=[1,2]", 29, "2 numbers for 4 labels");
  wrong("formula: -log(p[y]); weights=blanced", 29, "'blanced' is unknown");
  wrong("formula: -log(p[y]); temperature=-1", 33, "expected a number from 0.001");
  wrong("formula: sum(z*z) + z[y]", 21, "[y] is for tasks of one class an item; this one has labels", kLabels);
  wrong("formula: sum(z*y); divide_by=rows", 29, "rows", kLabels);
  wrong("formula: p + z", 9, "unknown name 'p'", kScores);
  wrong("formula: sum(z)", 13, "this is one number", kScores);
  wrong("formula: (z-y)^2; temperature=2", 18, "'temperature' is not used", kScores);
  EXPECT_ERROR(ErrorKind::usage, make_loss("formula: " + std::string(5000, '1'), kClasses, kFour), "at most 4096");
  EXPECT_ERROR(ErrorKind::usage,
               make_loss("formula: " + std::string(200, '(') + "z[y]" + std::string(200, ')'), kClasses, kFour),
               "nested deeper than 100");
  EXPECT_ERROR(ErrorKind::usage, make_loss("formula: " + std::string(200, '-') + "z[y]", kClasses, kFour),
               "nested deeper than 100");
}

TEST(Formula, IsRefusedBeforeTrainingWhereItIsNotFinite) {
  wrong("formula: -log(z[y])", 10, "log of a number below 0");
  wrong("formula: -log(exp(z[y])*n[y] - 3*n[y]) ", 10, "the formula is", kClasses);
  wrong("formula: -log(abs(z[y]))", 10, "write log(p[y]), log(p) or log(1-p)");
  wrong("formula: exp(z[y])", 9, "exp of");
  wrong("formula: 1/p[y]", 10, "is too large");
  wrong("formula: z[y]/z[y]", 13, "divided by 0");
  wrong("formula: z[y]^0.5", 13, "a power of a number below 0");
  wrong("formula: sqrt(abs(z[y]))", 9, "the slope of a power below 1 has no bound at 0");
  wrong("formula: z[y]^12", 13, "1e+48 for logits [1e+04, 1e+04, 1e+04, 1e+04] and class y = 0: too large for f32");
  wrong("formula: -t*log(z[y]^2)", 12, "at t = 0");
  EXPECT_ERROR(ErrorKind::usage, make_loss("formula: -log(z[y])", kClasses, kFour), "logits [", "class y = ");
  EXPECT_ERROR(ErrorKind::usage, make_loss("formula: -sum(log(y) * z)", kLabels, kFour), "targets [0, 0, 0, 0]");
  EXPECT_NE(make_loss("formula: -sum(where(y > 0, y*log(y), 0) - y*log(p) - (1-y)*log(1-p))", kLabels, kFour), nullptr);
}

// Whatever is written, it parses or throws attune::Error.
TEST(Formula, RandomTextsNeverCrash) {
  const std::vector<std::string> tokens{
      "z",    "p",      "y",         "[y]",         "onehot",   "n",        "prior",     "K",          "N",
      "t",    "g",      "(",         ")",           ",",        "+",        "-",         "*",          "/",
      "^",    "1",      "2",         "0.5",         "0",        "<",        ">=",        "==",         "log(",
      "exp(", "sqrt(",  "abs(",      "tanh(",       "sum(",     "sigmoid(", "softplus(", "logsumexp(", "max(",
      "min(", "mean(",  "where(",    "stopgrad(",   "softmax(", "log1p(",   "expm1(",    " ",          "z[y]",
      "p[y]", "1-p[y]", "log(p[y])", "sum(onehot*", "1+exp(",   ";g=2"};
  uint64_t state = 20261128;
  const auto next = [&](size_t n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<size_t>(state >> 33) % n;
  };
  // Expressions that are sound more often than not, with a token put in now and then.
  const std::function<std::string(int)> expression = [&](int depth) -> std::string {
    if (next(25) == 0) return tokens[next(tokens.size())];
    if (depth == 0) return std::vector<std::string>{"z", "p", "z[y]", "p[y]", "1", "0.5", "onehot", "t", "n"}[next(9)];
    const std::string a = expression(depth - 1), b = expression(depth - 1);
    switch (next(12)) {
      case 0:
        return "(" + a + "-" + b + ")";
      case 1:
        return "(" + a + ")*(" + b + ")";
      case 2:
        return "(" + a + ")/(" + b + ")";
      case 3:
        return "(" + a + ")^(" + b + ")";
      case 4:
        return "log(" + a + ")";
      case 5:
        return "exp(" + a + ")";
      case 6:
        return "sum(" + a + "+0*z)";
      case 7:
        return "where(" + a + "<" + b + "," + b + ",0)";
      case 8:
        return "logsumexp(z*(" + a + "))";
      case 9:
        return "(1-" + a + ")";
      case 10:
        return std::vector<std::string>{"sigmoid(", "softplus(", "tanh(", "log1p(", "stopgrad(", "abs("}[next(6)] + a +
               ")";
      default:
        return "max(" + a + "," + b + ")";
    }
  };
  int made = 0, refused = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string text = "formula: ";
    if (i % 2) {
      text += "sum(0*z+" + expression(4) + ")";
    } else {
      for (size_t length = next(14); length-- > 0;) text += tokens[next(tokens.size())];
    }
    const TargetKind kind = std::vector{kClasses, kLabels, kScores}[next(3)];
    try {
      const auto loss = make_loss(text, kind, facts(kind));
      ++made;
      const auto out = try_loss(*loss, batch_of(kind), losses::Precision::f64);
      EXPECT_TRUE(std::isfinite(out.sum) || text.find('^') != std::string::npos) << text;
    } catch (const Error& error) {
      EXPECT_STREQ(name(error.kind()), "usage") << text << "\n" << error.what();
      ++refused;
    }
  }
  EXPECT_GT(made, 100);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace attune
