// Losses that no package offers, against their papers' formulas in PyTorch (tools/loss_parity_formulas.py).
#include "attune/ops/cosine.h"

#include "tests/base/expect_error.h"
#include "tests/losses/on_tape.h"
#include "tests/losses/parity.h"

namespace attune::test {
namespace {

json whole(const char* file) {
  return golden(file);
}

TEST(FormulaParity, LdamIsItsAuthors) {
  each_case("formula_ldam", 3, [](const json& row) {
    const json& weight = row["arguments"]["weight"];
    const double scale = number(row, "scale", 0);
    double over = items_of(row);
    if (!weight.is_null()) {
      over = 0;
      for (const auto& y : row["targets"]) over += weight[y.get<size_t>()].get<double>();
    }
    const Outcome got =
        compare(row,
                fmt::format("ldam(max_margin={}, scale={}, head={}, weights={})", number(row, "max_margin", 0), scale,
                            scale == 1 ? "linear" : "cosine", weight.is_null() ? "none" : list(weight)),
                kClasses, {.labels = 4, .counts = flat(row["arguments"]["counts"]), .items = 525}, batch_of(row),
                {.mean_over = over});
    EXPECT_EQ(got.denominator, over);
  });
}

TEST(FormulaParity, LdamsScaleFollowsItsHead) {
  const LossFacts facts{.labels = 2, .counts = {16, 1}, .items = 17};
  const auto margin = [&](const char* text) {  // log-odds that a tie of the rarer class is taxed with
    OnTape tape;
    const double cost = tape.evaluate(*losses::make_loss(text, kClasses, facts), {0, 0}, 2, classes({1})).items[0];
    return std::log(std::exp(cost) - 1);
  };
  EXPECT_NEAR(margin("ldam"), 15, 1e-12);
  EXPECT_NEAR(margin("ldam(head=linear)"), 0.5, 1e-12);
  EXPECT_NEAR(margin("ldam(head=linear, scale=4, max_margin=1)"), 4, 1e-12);
  OnTape tape;
  const auto frequent = tape.evaluate(*losses::make_loss("ldam", kClasses, facts), {0, 0}, 2, classes({0}));
  EXPECT_NEAR(std::log(std::exp(frequent.items[0]) - 1), 7.5, 1e-12) << "16^(1/4) = 2 times narrower";
  EXPECT_ERROR(ErrorKind::usage, losses::make_loss("ldam", kClasses, {.labels = 2}), "training items by label");
}

// Values and both gradients, in f64 and as the processor has it.
TEST(FormulaParity, CosineHead) {
  const json row = whole("formula_cosine");
  for (const auto type : {tensor::DType::f64, tensor::DType::f32}) {
    const double tolerance = type == tensor::DType::f64 ? 1e-12 : 2e-4;
    OnTape tape(type);
    autograd::Context context = tape.context();
    const tensor::Tensor x = tape.tape().variable(tape.matrix(flat(row["x"]), 4, 3)),
                         w = tape.tape().variable(tape.matrix(flat(row["weight"]), 5, 3));
    const tensor::Tensor z = ops::cosine(context, x, w, row["scale"].get<double>());
    tape.tape().seed(z, tape.matrix(flat(row["seed"]), 4, 5));
    const std::vector<double> got = doubles(z);
    tape.tape().backward();
    const std::vector<double> dx = doubles(tape.tape().gradient(x)), dw = doubles(tape.tape().gradient(w));
    const auto all_near = [&](const std::vector<double>& made, const json& want) {
      ASSERT_EQ(made.size(), flat(want).size());
      for (size_t i = 0; i < made.size(); ++i) EXPECT_NEAR(made[i], flat(want)[i], tolerance) << i;
    };
    all_near(got, row["logits"]), all_near(dx, row["d_x"]), all_near(dw, row["d_weight"]);
  }
}

TEST(FormulaParity, EarlyLearningIsItsAuthorsStepByStep) {
  const json run = whole("formula_early_learning");
  const auto loss = losses::make_loss(
      fmt::format("early_learning(lambda={}, beta={})", run["lambda"].get<double>(), run["beta"].get<double>()),
      kClasses, {.labels = 3, .items = 4});
  Targets targets = classes(run["targets"].get<std::vector<int32_t>>());
  targets.examples = {0, 1, 2, 3};
  losses::ExampleState& state = **loss->state();
  OnTape tape;
  for (const json& step : run["steps"]) {
    SCOPED_TRACE(step.dump());
    state.begin_step();
    const auto got = tape.evaluate(*loss, flat(step["logits"]), 3, targets);
    for (size_t i = 0; i < 4; ++i) near(got.items[i], step["items"][i].get<double>(), 1e-12, "item");
    for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(got.denominator * got.d_logits[i], flat(step["d_sum"])[i], 1e-12) << i;
    state.commit();
    const std::vector<double> memory = flat(step["memory"]);
    for (size_t i = 0; i < 12; ++i) EXPECT_EQ(state.values()[i], static_cast<float>(memory[i])) << i;
  }
}

TEST(FormulaParity, OpenSetIsEquationOne) {
  each_case("formula_open_set", 1, [](const json& row) {
    compare(row, "open_set(unknown=c)", kClasses, {.labels = 4, .names = {"a", "b", "c", "d"}}, batch_of(row),
            {.mean_over = items_of(row)});
  });
}

TEST(FormulaParity, OpenSetAnswersUnknownWhereNothingIsSure) {
  const auto loss = losses::make_loss("open_set(unknown=\"no idea\", threshold=0.6)", kClasses,
                                      {.labels = 3, .names = {"a", "no idea", "b"}});
  ASSERT_EQ(loss->link()->outputs(3), 2);
  std::vector<float> logits(3);
  const auto answer = [&](float a, float b) {
    loss->link()->to_logits(std::vector<float>{a, b}, logits);
    return std::max_element(logits.begin(), logits.end()) - logits.begin();
  };
  EXPECT_EQ(answer(3, 0), 0);
  EXPECT_EQ(answer(0, 3), 2);
  EXPECT_EQ(answer(0.3F, 0), 1) << "0.57";
  EXPECT_NEAR(std::exp(static_cast<double>(logits[1])), 0.6, 1e-6);
  EXPECT_NEAR(std::exp(static_cast<double>(logits[0])) + std::exp(static_cast<double>(logits[2])), 1, 1e-6);
  EXPECT_EQ(answer(1e4F, -1e4F), 0);
  for (const float z : logits) EXPECT_TRUE(std::isfinite(z));
  EXPECT_ERROR(ErrorKind::usage, losses::make_loss("open_set", kClasses, {.labels = 3, .names = {"a", "oss", "b"}}),
               "there is no label 'oos'", "did you mean 'oss'");
  EXPECT_ERROR(ErrorKind::usage, losses::make_loss("open_set", kClasses, {.labels = 2, .names = {"a", "oos"}}),
               "at least two labels beside 'oos'");
  EXPECT_ERROR(ErrorKind::usage, losses::make_loss("open_set", kClasses, {.labels = 3}), "names are not known");
}

}  // namespace
}  // namespace attune::test
