// The loss language: what it means, and where it points when it does not parse.
#include "attune/base/rng.h"
#include "attune/losses/language/expression.h"
#include "attune/losses/language/make_objective.h"

#include "tests/base/expect_error.h"
#include "tests/losses/on_tape.h"

namespace attune {
namespace {

using losses::make_objective;
using losses::Objective;
using losses::TargetKind;
using test::OnTape;

const losses::LossFacts kThree{.labels = 3, .counts = {50, 5, 500}, .items = 555, .names = {"a", "b", "c"}};
const std::vector<double> kLogits{0.3, -1, 0.7, 2, 0.1, -0.4};
const losses::Targets kTargets = test::classes({1, 2});

Objective classes(const std::string& text) {
  return make_objective(text, TargetKind::classes, kThree);
}

// The objective and its gradient at `progress`.
test::Evaluated at(const Objective& objective, double progress) {
  test::Evaluated all{.items = {}, .d_logits = std::vector<double>(kLogits.size())};
  const auto denominators = objective.denominators(kTargets, progress);
  for (size_t t = 0; t < objective.terms().size(); ++t) {
    const losses::Loss* loss = objective.terms()[t].at(progress);
    if (loss == nullptr) continue;
    OnTape tape;
    const auto one = tape.evaluate(*loss, kLogits, 3, kTargets);
    EXPECT_EQ(one.denominator, denominators[t]);
    all.sum += objective.terms()[t].weight * one.loss();
    for (size_t i = 0; i < kLogits.size(); ++i) all.d_logits[i] += objective.terms()[t].weight * one.d_logits[i];
  }
  return all;
}

TEST(LossLanguage, ASumOfTermsEachOverItsOwnDenominator) {
  const Objective both = classes("0.7*focal(gamma=2) + 3e-1*cross_entropy(weights=[1,2,4])");
  EXPECT_EQ(both.text(), "0.7*focal(gamma=2) + 0.3*cross_entropy(weights=[1,2,4])");
  const auto focal = at(classes("focal(gamma=2)"), 0), weighted = at(classes("cross_entropy(weights=[1,2,4])"), 0);
  EXPECT_NEAR(at(both, 0).sum, 0.7 * focal.sum + 0.3 * weighted.sum, 1e-12);

  // As a training step runs it: both terms on one tape.
  OnTape tape;
  tape.clear();
  autograd::Context context = tape.context();
  const tensor::Tensor z = tape.tape().variable(tape.matrix(kLogits, tensor::rounded_rows(2), 3));
  const losses::ObjectiveValue value = both.evaluate(context, {.logits = z, .targets = kTargets});
  const auto denominators = both.denominators(kTargets, 0);
  EXPECT_NEAR(both.total(value, denominators), 0.7 * focal.sum + 0.3 * weighted.sum, 1e-12);
  both.seed_backward(context, value, denominators);
  tape.tape().backward();
  for (size_t i = 0; i < kLogits.size(); ++i)
    EXPECT_NEAR(OnTape::get(tape.tape().gradient(z), static_cast<int64_t>(i)),
                0.7 * focal.d_logits[i] + 0.3 * weighted.d_logits[i], 1e-12);
}

TEST(LossLanguage, TextMakesTheSameObjectiveAgain) {
  for (const char* text :
       {"cross_entropy", "focal(gamma=0.5)", "0.25*poly1(epsilon=2) + 0.75*cross_entropy(weights=balanced) after 60%",
        "focal until 30% + cross_entropy(label_smoothing=0.1) from 30% to 70% + poly1 after 70%",
        "cost_sensitive(costs=[[0,1,5],[1,0,1],[2.5,1,0]])", "logit_adjusted(tau=0.5, temperature=2)"})
    EXPECT_EQ(classes(classes(text).text()).text(), classes(text).text()) << text;
  EXPECT_EQ(classes(" cross_entropy( weights = [ 1 , 2 , 3 ] ,label-smoothing=0.1)").text(),
            "cross_entropy(weights=[1,2,3], label_smoothing=0.1)")
      << "spaces mean nothing, a dash is an underscore";
}

TEST(LossLanguage, TermsHoldForAShareOfTheTraining) {
  const Objective turns = classes("focal until 30% + cross_entropy from 30% to 70% + poly1 after 70%");
  const double focal = at(classes("focal"), 0).sum, entropy = at(classes("cross_entropy"), 0).sum,
               poly = at(classes("poly1"), 0).sum;
  EXPECT_EQ(at(turns, 0).sum, focal);
  EXPECT_EQ(at(turns, 0.29).sum, focal);
  EXPECT_EQ(at(turns, 0.3).sum, entropy);
  EXPECT_EQ(at(turns, 0.7).sum, poly);
  EXPECT_EQ(at(turns, 1).sum, poly) << "judged as it ends";
}

// Class weights that come late: until then the same loss without them.
TEST(LossLanguage, DeferredReweighting) {
  const Objective late = classes("focal(gamma=1, weights=effective(0.99)) after 80%");
  EXPECT_EQ(at(late, 0.5).sum, at(classes("focal(gamma=1)"), 0).sum);
  EXPECT_EQ(at(late, 0.8).sum, at(classes("focal(gamma=1, weights=effective(0.99))"), 0).sum);
  // However the weights and other options were told: what the text says is what the objective does.
  const Objective by_flags = make_objective(
      "focal(gamma=1) after 80%", TargetKind::classes, kThree,
      {{"--class-weights", "weights", "effective(0.99)"}, {"--label-smoothing", "label_smoothing", "0.2"}});
  for (const double progress : {0.5, 0.9})
    EXPECT_EQ(at(by_flags, progress).sum, at(classes(by_flags.text()), progress).sum) << by_flags.text();
  EXPECT_EQ(at(by_flags, 0.5).sum, at(classes("focal(gamma=1, label_smoothing=0.2)"), 0).sum);
  EXPECT_ERROR(ErrorKind::usage, classes("focal after 80%"), "nothing is minimised from 0%");
  EXPECT_ERROR(ErrorKind::usage, classes("focal until 50% + poly1 after 80%"), "nothing is minimised from 50%");
}

// From the first value where the term begins to the last where it ends, and that is what evaluations see.
TEST(LossLanguage, NumbersThatChangeOverTheTraining) {
  const Objective ramp = classes("focal(gamma=0..2)");
  EXPECT_EQ(ramp.text(), "focal(gamma=0..2)");
  EXPECT_EQ(at(ramp, 0).sum, at(classes("focal(gamma=0)"), 0).sum);
  EXPECT_NEAR(at(ramp, 0.25).sum, at(classes("focal(gamma=0.5)"), 0).sum, 1e-12);
  EXPECT_NEAR(at(ramp, 0.503).sum, at(classes("focal(gamma=1)"), 0).sum, 1e-12) << "in a hundred stages";
  EXPECT_EQ(at(ramp, 1).sum, at(classes("focal(gamma=2)"), 0).sum);
  EXPECT_EQ(ramp.terms()[0].at(0.501), ramp.terms()[0].at(0.499)) << "nothing is made while it trains";

  const Objective part =
      classes("poly1 until 20% + focal(gamma=3..1, weights=balanced) from 20% to 60% + poly1 after 60%");
  EXPECT_EQ(classes(part.text()).text(), part.text());
  EXPECT_EQ(at(part, 0.2).sum, at(classes("focal(gamma=3, weights=balanced)"), 0).sum);
  EXPECT_NEAR(at(part, 0.4).sum, at(classes("focal(gamma=2, weights=balanced)"), 0).sum, 1e-12);
  EXPECT_EQ(at(part, 0.6).sum, at(classes("poly1"), 0).sum);

  EXPECT_EQ(classes("focal( gamma = .5..1e0 )").text(), "focal(gamma=.5..1e0)");
  EXPECT_EQ(at(classes("ldam(max_margin=0..0.5, scale=30)"), 0.5).sum, at(classes("ldam(max_margin=0.25)"), 0).sum);
}

TEST(LossLanguage, WeightsThatChangeOverTheTraining) {
  const Objective sum = classes("(1..0)*poly1 + (0..0.5)*focal");
  EXPECT_EQ(sum.text(), "(1..0)*poly1 + (0..0.5)*focal");
  const double poly = at(classes("poly1"), 0).sum, focal = at(classes("focal"), 0).sum;
  OnTape tape;
  const auto denominators = sum.denominators(kTargets, 0);
  const auto total = [&](double progress) {
    tape.clear();
    autograd::Context context = tape.context();
    const tensor::Tensor z = tape.tape().variable(tape.matrix(kLogits, tensor::rounded_rows(2), 3));
    return sum.total(sum.evaluate(context, {.logits = z, .targets = kTargets, .progress = progress}), denominators);
  };
  EXPECT_NEAR(total(0), poly, 1e-12);
  EXPECT_NEAR(total(0.5), 0.5 * poly + 0.25 * focal, 1e-12);
  EXPECT_NEAR(total(1), 0.5 * focal, 1e-12);
  const Objective late = classes("focal + (0..2)*poly1 after 50%");
  EXPECT_EQ(late.terms()[1].weight_at(0.5), 0);
  EXPECT_EQ(late.terms()[1].weight_at(0.75), 1);
}

// The loss before and every stage of a term look back on the same answers.
TEST(LossLanguage, WhatALossRemembersIsSharedByItsStages) {
  const Objective late = classes("early_learning(lambda=0..3, weights=balanced) after 50%");
  const auto& term = late.terms()[0];
  EXPECT_EQ(term.at(0.2)->state()->get(), term.at(0.6)->state()->get());
  EXPECT_EQ(term.at(0.2)->state()->get(), term.at(1)->state()->get());
  EXPECT_NE(term.at(0.2), term.at(0.6));
  ASSERT_EQ(late.states().size(), 1U);
  EXPECT_EQ(late.states()[0].first, "loss.0.early_learning");
}

TEST(LossLanguage, LdamsMarginsWithLateWeights) {
  const Objective late = classes("ldam(weights=effective(0.999)) after 80%");
  EXPECT_EQ(at(late, 0.5).sum, at(classes("ldam"), 0).sum);
  EXPECT_EQ(at(late, 0.8).sum, at(classes("ldam(weights=effective(0.999))"), 0).sum);
  EXPECT_EQ(late.cosine_head(), 30);
  EXPECT_EQ(classes("0.5*ldam(scale=20) + 0.5*ldam(scale=20, weights=balanced)").cosine_head(), 20);
  EXPECT_EQ(classes("ldam(head=linear) + focal").cosine_head(), 0);
}

TEST(LossLanguage, StrategiesWrapAWholeLoss) {
  const Objective both = classes("r_drop( 0.5*focal + 0.5*cross_entropy(weights=[1,2,3]), alpha=2)");
  EXPECT_EQ(both.text(), "r_drop(0.5*focal + 0.5*cross_entropy(weights=[1,2,3]), alpha=2)");
  EXPECT_EQ(classes(both.text()).text(), both.text());
  EXPECT_EQ(std::get<losses::RDropOptions>(both.strategy()).alpha, 2);
  EXPECT_EQ(both.terms().size(), 2U);
  EXPECT_EQ(classes("r_drop(focal)").text(), "r_drop(focal)");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(classes("focal").strategy()));
  const losses::CommonOption weights{.flag = "--class-weights", .name = "weights", .value = "balanced"};
  EXPECT_EQ(make_objective("flooding(focal, level=0.2)", TargetKind::classes, kThree, {weights}).text(),
            "flooding(focal(weights=balanced), level=0.2)");
}

TEST(LossLanguage, ErrorsPointAtTheCharacter) {
  const auto wrong = [](const std::string& text, size_t at, const std::string& words) {
    EXPECT_ERROR(ErrorKind::usage, classes(text), words, "\n  " + text + "\n  " + std::string(at, ' ') + "^");
  };
  wrong("", 0, "a loss is expected");
  wrong("focall", 0, "did you mean 'focal'");
  wrong("0.5*cross_entropy + bce", 20, "does not fit: it is for labels, this task has classes");
  wrong("focal(gama=2)", 6, "did you mean 'gamma'");
  wrong("focal(gamma=2, gamma=3)", 15, "'gamma' is given twice");
  wrong("focal(gamma=-1)", 12, "expected a number from 0 to 20, got -1");
  wrong("focal(gamma=fast)", 12, "expected a number, got 'fast'");
  wrong("focal(gamma)", 11, "expected '='");
  wrong("focal(2)", 6, "an option is named");
  wrong("focal(gamma=2", 13, "expected ',' or ')'");
  wrong("focal) + poly1", 5, "expected '+', after, until, from or the end");
  wrong("focal + ", 8, "the name of a loss");
  wrong("0.5 focal", 4, "expected '*'");
  wrong("nan*focal", 3, "expected '+'");
  wrong("focal aftr 10%", 6, "did you mean 'after'");
  wrong("focal after 10", 14, "expected '%'");
  wrong("focal after 110%", 12, "from 0% to 100%");
  wrong("focal from 60% to 20%", 6, "leaves no step");
  wrong("cross_entropy(weights=[1,2])", 0, "2 numbers for 3 labels");
  wrong("cross_entropy(weights=[1,])", 25, "expected a number");
  wrong("cross_entropy(weights=effective(1))", 0, "at least 0 and below 1");
  wrong("cross_entropy(weights=[])", 24, "an empty list");
  wrong("cost_sensitive(costs=[[[0,1],[1,0]]])", 23, "expected a number");
  wrong("cross_entropy(weights=" + std::string(200000, '['), 24, "expected a number");
  wrong("0.5*coral + 0.5*coral(weights=balanced)", 16, "one term alone");
  wrong("coral(weights=balanced) after 60%", 24, "it cannot begin later");
  wrong("cost_sensitive(costs=[[0,1],[1,0]])", 0, "2 rows for 3 labels");
  wrong("r_drop(focal, alph=1)", 14, "did you mean 'alpha'");
  wrong("r_drop(focal, alpha=-1)", 20, "from 0 to 100, got -1");
  wrong("r_drop", 6, "as in r_drop(cross_entropy)");
  wrong("r_drop(focal", 12, "expected ')'");
  wrong("r_drop(focal) + poly1", 14, "nothing may stand behind it");
  wrong("r_drop(alpha=1)", 7, "a loss is expected here, not the option 'alpha'");
  wrong("0.5*r_drop(focal)", 4, "r_drop wraps a whole loss");
  wrong("focal(gamma=0..21)", 15, "expected a number from 0 to 20, got 21");
  wrong("focal(gamma=-1..2)", 12, "expected a number from 0 to 20, got -1");
  wrong("focal(gamma=0..)", 15, "expected a number");
  wrong("focal(gamma=0.. fast)", 16, "expected a number");
  wrong("focal(weights=0..1)", 14, "cannot change from a number to another");
  wrong("r_drop(focal, alpha=0..1)", 20, "a strategy's options cannot change");
  wrong("coral(rate=1..10)", 0, "they cannot change");
  wrong("ldam(scale=1..30)", 0, "the last layer is part of the model and cannot change");
  wrong("(0.5)*focal", 4, "expected '..'");
  wrong("(0..1)focal", 6, "expected '*'");
  wrong("open_set(unknown=\"b)", 17, "this quote is never closed");
  wrong("focal + ldam", 8, "ldam reads 30 times cosines, and focal before it an ordinary last layer");
  wrong("ldam + ldam(scale=20)", 7, "ldam reads 20 times cosines, and ldam before it 30 times cosines");
  wrong("open_set(unknown=bb)", 0, "there is no label 'bb'");
  wrong("open_set(unknown=b) + open_set(unknown=c)", 22, "in another way");
  wrong("cross_entropy + corn", 16, "in another way than cross_entropy");
}

// Whatever is written: an objective or an error of usage, and an objective's text makes it again.
TEST(LossLanguage, AnyTextIsALossOrAnError) {
  const std::vector<std::string> pieces{"focal",    "cross_entropy",
                                        "r_drop",   "flooding",
                                        "(",        ")",
                                        "(",        ")",
                                        "gamma",    "weights",
                                        "alpha",    "=",
                                        "=",        ",",
                                        "+",        "+",
                                        "*",        "0.5",
                                        "2",        "-1",
                                        "1e9",      "[",
                                        "]",        "[1,2,3]",
                                        "balanced", "effective(0.9)",
                                        "after",    "until",
                                        "from",     "to",
                                        "60%",      "20%",
                                        " ",        " ",
                                        "%",        ";",
                                        "\xff",     "label-smoothing",
                                        "..",       "0..2",
                                        "\"",       "(0..1)*"};
  int made = 0;
  for (uint32_t i = 0; i < 20000; ++i) {
    const uint64_t key = mix64(i);
    std::string text = random_below(key, 0, 2) == 0 ? "focal" : "";
    const uint32_t count = random_below(key, 1, 12);
    for (uint32_t p = 0; p < count; ++p) text += pieces[random_below(key, 2 + p, static_cast<uint32_t>(pieces.size()))];
    try {
      const Objective objective = classes(text);
      EXPECT_EQ(classes(objective.text()).text(), objective.text()) << text;
      ++made;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text << ": " << error.what();
    }
  }
  EXPECT_GT(made, 200);
}

TEST(LossLanguage, FlagsReachTheTermsThatHaveTheOption) {
  const losses::CommonOption weights{.flag = "--class-weights", .name = "weights", .value = "balanced"};
  EXPECT_EQ(make_objective("focal + poly1(weights=none)", TargetKind::classes, kThree, {weights}).text(),
            "focal(weights=balanced) + poly1(weights=none)");
  EXPECT_ERROR(ErrorKind::usage, make_objective("mse", TargetKind::scores, {}, {weights}), "--class-weights",
               "no meaning for the loss 'mse'");
  EXPECT_ERROR(ErrorKind::usage,
               make_objective("focal", TargetKind::classes, kThree, {{"--class-weights", "weights", "1,2"}}),
               "--class-weights: 2 numbers for 3 labels");
}

TEST(ClassWeights, ByName) {
  const auto weights = [](const char* text) {
    OnTape tape;
    std::vector<double> items;
    const auto loss =
        losses::make_loss(std::string("cross_entropy(weights=") + text + ")", TargetKind::classes, kThree);
    for (int32_t y = 0; y < 3; ++y) items.push_back(loss->denominator(test::classes({y})));
    return items;
  };
  EXPECT_EQ(weights("none"), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(weights("[0.5,2,7]"), (std::vector<double>{0.5, 2, 7}));
  const auto balanced = weights("balanced");
  EXPECT_NEAR(balanced[0], 555 / (3.0 * 50), 1e-12);
  EXPECT_EQ(weights("auto"), balanced);
  // 1 - 0.9^50 = 0.994846, 1 - 0.9^5 = 0.40951, 1 - 0.9^500 = 1: their inverses, scaled to a sum of 3
  const auto effective = weights("effective(0.9)");
  const double sum = 1 / 0.9948462 + 1 / 0.40951 + 1;
  EXPECT_NEAR(effective[0], 3 / 0.9948462 / sum, 1e-6);
  EXPECT_NEAR(effective[1], 3 / 0.40951 / sum, 1e-6);
  EXPECT_NEAR(effective[0] + effective[1] + effective[2], 3, 1e-12);
  EXPECT_EQ(weights("effective(0)"), (std::vector<double>{1, 1, 1}));
  // A class that never occurs weighs nothing and counts for none.
  const auto absent = losses::make_loss("cross_entropy(weights=balanced)", TargetKind::classes,
                                        {.labels = 3, .counts = {30, 0, 10}, .items = 40});
  EXPECT_NEAR(absent->denominator(test::classes({0})), 40 / (2.0 * 30), 1e-12);
  EXPECT_EQ(absent->denominator(test::classes({1})), 0);
  EXPECT_ERROR(ErrorKind::usage,
               losses::make_loss("cross_entropy(weights=balanced)", TargetKind::classes, {.labels = 3}),
               "not known here");
}

}  // namespace
}  // namespace attune
