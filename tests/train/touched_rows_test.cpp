// A table that is updated by touched rows ends with the very bits of one whose rows are all updated in every step, read
// between the steps or not.
#include <gtest/gtest.h>

#include "attune/losses/language/make_objective.h"
#include "attune/train/train_step.h"

#include "tests/train/golden_bert.h"

namespace attune {
namespace {

using Floats = std::vector<float>;

struct OptimizerCase {
  const char* optimizer;
  bool decay;
};

class TouchedRows : public testing::TestWithParam<OptimizerCase> {
 protected:
  // Weights and moments after 30 steps, and what the model answered after every third.
  struct Outcome {
    Floats weights, moments, read;
  };

  static tasks::Batch batch_of(const std::vector<std::vector<int32_t>>& texts, int32_t first) {
    tasks::Batch batch;
    batch.clear();
    for (const auto& ids : texts) {
      const std::vector<uint8_t> segments(ids.size(), 0);
      batch.add({.ids = ids, .segments = segments, .places = {}, .example = first}, false, 0);
      batch.targets.classes.push_back(first++ % 3);
    }
    batch.finish();
    return batch;
  }

  // Step s: two micro-batches of which some words come back soon, some late and most never; step 5 has no target.
  static std::vector<tasks::Batch> step_of(int32_t s) {
    const int32_t late = 20 + s % 11;
    std::vector<tasks::Batch> micro{batch_of({{2, 7, late, 7, 3}, {2, 40 + s, 3}}, s),
                                    batch_of({{2, late, 8 + s % 3, 3}}, s + 1)};
    if (s == 5)
      for (auto& batch : micro) std::fill(batch.targets.classes.begin(), batch.targets.classes.end(), losses::kIgnored);
    return micro;
  }

  Outcome run(nn::TableGradients tables, bool read_between) {
    const auto config = models::BertConfig::from_json(
        test::json::parse(read_file(test::kGolden / "sequence_classification/config.json")), "golden");
    const auto kernels = kernels::cpu::make_kernels(2);
    models::Model model(config, {.kind = models::HeadKind::sequence, .outputs = 3}, tensor::DType::f32);
    nn::Parameters& parameters = model.parameters();
    for (const auto& p : parameters.all()) parameters.initialise(*p, 1, 0.1);
    parameters.prepare_gradients(tables);
    const auto optimizer = optim::make_optimizer(
        parameters, {.name = GetParam().optimizer, .weight_decay = GetParam().decay ? 0.3 : 0.0, .layer_decay = 0.9});
    const losses::Objective loss = losses::make_objective("cross_entropy", losses::TargetKind::classes, {.labels = 3});
    // Without clipping: the norm's sum has another order of additions.
    train::TrainStep step(model, loss, *optimizer, *kernels,
                          {.peak_rate = 1e-2, .clip = 0, .schedule = {.warmup = 3, .total = 30}});
    Outcome outcome;
    for (int32_t s = 0; s < 30; ++s) {
      step.run(step_of(s), s);
      if (!read_between || s % 3 != 0) continue;
      step.settle();
      tensor::Arena arena;
      autograd::Context context{.kernels = *kernels, .arena = arena};
      const tasks::Batch all = batch_of({{2, 7, 20, 25, 9, 60, 95, 3}}, 0);
      const tensor::Tensor logits = model.forward(context, all.rows, all.head()).logits;
      outcome.read.insert(outcome.read.end(), logits.as<float>(), logits.as<float>() + 3);
    }
    step.settle();
    for (const auto& p : parameters.all())
      outcome.weights.insert(outcome.weights.end(), p->value.as<float>(), p->value.as<float>() + p->value.count());
    for (const auto& state : optimizer->state())
      outcome.moments.insert(outcome.moments.end(), state.tensor.as<float>(),
                             state.tensor.as<float>() + state.tensor.count());
    return outcome;
  }
};

TEST_P(TouchedRows, SameBitsAsAllRows) {
  const Outcome all = run(nn::TableGradients::all_rows, true), few = run(nn::TableGradients::touched_rows, true);
  EXPECT_EQ(few.weights, all.weights);
  EXPECT_EQ(few.moments, all.moments);
  EXPECT_EQ(few.read, all.read);
  const Outcome unread = run(nn::TableGradients::touched_rows, false);
  EXPECT_EQ(unread.weights, all.weights);
  EXPECT_EQ(unread.moments, all.moments);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, TouchedRows,
                         testing::Values(OptimizerCase{"adamw", true}, OptimizerCase{"adamw", false},
                                         OptimizerCase{"adam", true}),
                         [](const auto& test) {
                           return std::string(test.param.optimizer) + (test.param.decay ? "_decay" : "");
                         });

TEST(TouchedRowsGuard, AModelWithWaitingUpdatesIsNotRead) {
  models::BertConfig config;
  config.vocabulary = 50, config.hidden = 8, config.heads = 2, config.layers = 1, config.intermediate = 8;
  const auto kernels = kernels::cpu::make_kernels(1);
  models::Model model(config, {.kind = models::HeadKind::sequence, .outputs = 2}, tensor::DType::f32);
  nn::Parameters& parameters = model.parameters();
  for (const auto& p : parameters.all()) parameters.initialise(*p, 1, 0.1);
  parameters.prepare_gradients(nn::TableGradients::touched_rows);
  const auto optimizer = optim::make_optimizer(parameters, {});
  const losses::Objective loss = losses::make_objective("cross_entropy", losses::TargetKind::classes, {.labels = 2});
  train::TrainStep step(model, loss, *optimizer, *kernels, {});
  tasks::Batch batch;
  batch.clear();
  const std::vector<int32_t> ids{1, 2, 3};
  const std::vector<uint8_t> segments(3, 0);
  batch.add({.ids = ids, .segments = segments, .places = {}, .example = 0}, false, 0);
  batch.targets.classes = {1};
  batch.finish();
  step.run({&batch, 1}, 0);
  EXPECT_EQ(parameters.find("embeddings.word_embeddings.weight")->gradient.rows(), 3);
  tensor::Arena arena;
  autograd::Context context{.kernels = *kernels, .arena = arena};
  EXPECT_THROW(model.forward(context, batch.rows, batch.head()), Error);
  EXPECT_THROW(models::named_tensors(model, ""), Error);
  step.settle();
  EXPECT_NO_THROW(model.forward(context, batch.rows, batch.head()));
}

}  // namespace
}  // namespace attune
