// A loss with a parameter of its own, through the code that trains and saves models: it is initialised, updated, named,
// written and read like a weight of the head.
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/io/safetensors.h"
#include "attune/losses/scores/mse.h"
#include "attune/losses/targets.h"
#include "attune/models/load.h"
#include "attune/train/train_step.h"

#include "tests/base/expect_error.h"

namespace attune {
namespace {

using autograd::Context;
using autograd::Tape;
using tensor::DType;
using tensor::Tensor;

const fs::path kGolden = fs::path(ATTUNE_TEST_DATA) / "models/golden/regression";

// item_i = (a z_i - y_i)^2 with a learned scale a, which begins at 1.
class ScaledSquares final : public losses::Loss {
 public:
  std::string name() const override { return "scaled_squares"; }
  void add_parameters(nn::Parameters& parameters) override {
    scale_ = parameters.add("scaled_squares.scale", {1}, {.init = nn::Init::ones, .decays = false});
  }
  double denominator(const losses::Targets& targets) const override { return static_cast<double>(targets.items()); }
  losses::LossTerm evaluate(Context& context, const losses::LossInput& input) const override {
    const Tensor z = input.logits, scale = scale_->value;
    const Tensor y = losses::value_targets(context, input.targets, z.rows(), 0);
    const int64_t count = input.targets.items();
    Tensor items = context.make({z.rows()}, DType::f64);
    const auto error = [z, scale, y](int64_t i) {
      return scale.as<double>()[0] * z.as<double>()[i] - y.as<double>()[i];
    };
    for (int64_t i = 0; i < z.rows(); ++i) items.as<double>()[i] = i < count ? error(i) * error(i) : 0;
    if (context.records(z, scale)) {
      items = context.tape->variable(items);
      context.tape->record("scaled_squares", items, [=](Tape& tape, Tensor d_items) {
        const Tensor dz = tape.gradient_to_add_to(z), d_scale = tape.gradient_to_add_to(scale);
        for (int64_t i = 0; i < count; ++i) {
          const double d = 2 * d_items.as<double>()[i] * error(i);
          dz.as<double>()[i] += d * scale.as<double>()[0];
          d_scale.as<double>()[0] += d * z.as<double>()[i];
        }
      });
    }
    losses::LossTerm term{.items = items, .weights = losses::item_weights(context, input.targets, z.rows())};
    term.sum = losses::weighted_sum(context, items, term.weights, count);
    term.denominator = denominator(input.targets);
    return term;
  }

 private:
  nn::Parameter* scale_ = nullptr;
};

// Tensors in memory, under the names a file would have.
class Held final : public models::WeightSource {
 public:
  void take(const models::NamedTensor& named) {
    std::vector<float> values;
    for (int64_t i = 0; i < named.tensor.count(); ++i)
      values.push_back(static_cast<float>(named.tensor.as<double>()[i]));
    std::vector<int64_t> axes{named.tensor.shape[0]};
    if (named.tensor.shape.rank() == 2) axes.push_back(named.tensor.shape[1]);
    tensors_[named.name] = {axes, values};
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
  }
  std::optional<std::vector<int64_t>> shape(const std::string& name) const override {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? std::nullopt : std::optional(found->second.first);
  }
  void read(const std::string& name, std::span<float> out) const override {
    const auto& values = tensors_.at(name).second;
    std::copy(values.begin(), values.end(), out.begin());
  }
  void drop(const std::string& name) { tensors_.erase(name); }

 private:
  std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>> tensors_;
};

// Three texts whose targets ask for a larger scale.
tasks::Batch three_texts() {
  tasks::Batch batch;
  batch.clear();
  const std::vector<int32_t> ids[3] = {{2, 7, 3}, {2, 9, 11, 3}, {2, 5, 3}};
  for (int32_t s = 0; s < 3; ++s) {
    const std::vector<uint8_t> segments(ids[s].size(), 0);
    batch.add({.ids = ids[s], .segments = segments, .places = {}, .example = s}, false, 0);
    batch.targets.values.push_back(static_cast<float>(4 - s));
  }
  batch.finish();
  return batch;
}

struct Trained {
  Trained() : kernels(kernels::reference::make_kernels()) {
    config = models::BertConfig::from_json(nlohmann::json::parse(read_file(kGolden / "config.json")), "golden");
    config.hidden_dropout = config.attention_dropout = config.classifier_dropout = 0;
    model = make(*loss.terms()[0].loss);
    for (const auto& p : model->parameters().all()) model->parameters().initialise(*p, 1, 0.3);
    model->parameters().prepare_gradients();
    optimizer = optim::make_optimizer(model->parameters(), {});
  }
  std::unique_ptr<models::Model> make(losses::Loss& of) const {
    return std::make_unique<models::Model>(
        config, models::HeadOptions{.kind = models::HeadKind::sequence, .outputs = 1}, DType::f64,
        models::ModelExtras{.more = [&](nn::Parameters& parameters) { of.add_parameters(parameters); }});
  }
  void step(int64_t number) {
    const tasks::Batch batch = three_texts();
    train::TrainStep train_step(*model, loss, *optimizer, *kernels, {.peak_rate = 0.01, .clip = 0});
    train_step.run({&batch, 1}, number);
  }
  double scale() const { return model->parameters().find("scaled_squares.scale")->value.as<double>()[0]; }

  std::unique_ptr<kernels::Kernels> kernels;
  models::BertConfig config;
  losses::Objective loss{std::make_unique<ScaledSquares>()};
  std::unique_ptr<models::Model> model;
  std::unique_ptr<optim::Optimizer> optimizer;
};

TEST(OwnParameters, TrainLikeTheHeads) {
  Trained t;
  EXPECT_EQ(t.scale(), 1);
  for (int64_t step = 0; step < 3; ++step) t.step(step);
  EXPECT_NE(t.scale(), 1) << "and check_gradients_arrived() did not complain";
  t.model->freeze_below(static_cast<int>(t.config.layers) + 1);
  EXPECT_TRUE(t.model->parameters().find("scaled_squares.scale")->trainable) << "frozen only together with the head";
}

TEST(OwnParameters, AreSavedWithoutThePrefixAndReadBack) {
  Trained t;
  t.step(0);
  Held file;
  bool found = false;
  for (const auto& named : models::named_tensors(*t.model, "bert.")) {
    file.take(named);
    found |= named.name == "scaled_squares.scale";
    EXPECT_TRUE(named.name.starts_with("bert.") || named.name.starts_with("classifier.") ||
                named.name == "scaled_squares.scale")
        << named.name;
  }
  EXPECT_TRUE(found);
  ScaledSquares again;
  const auto reopened = t.make(again);
  EXPECT_TRUE(models::load_weights(*reopened, file, {}).initialised.empty());
  EXPECT_NEAR(reopened->parameters().find("scaled_squares.scale")->value.as<double>()[0], t.scale(), 1e-7);

  file.drop("scaled_squares.scale");
  const auto report = models::load_weights(*reopened, file, {});
  EXPECT_EQ(report.initialised, std::vector<std::string>{"scaled_squares.scale"});
  EXPECT_EQ(reopened->parameters().find("scaled_squares.scale")->value.as<double>()[0], 1);

  file.drop("bert.encoder.layer.0.output.dense.weight");
  EXPECT_THROW(models::load_weights(*reopened, file, {}), Error) << "an encoder's weight is never made up";
}

// A part of the model that the loss does not reach would stay as it was drawn: the first step says so, by name, before
// it updates anything.
TEST(OwnParameters, WhatTheLossDoesNotReachStopsTheFirstStep) {
  Trained t;
  const losses::Objective losses{losses::make_mse()};
  models::Model model(t.config, {.kind = models::HeadKind::sequence, .outputs = 1}, DType::f64,
                      {.more = [](nn::Parameters& parameters) {
                        parameters.add("adapter.down", {3, 4}, {});
                        parameters.add("adapter.up", {4}, {});
                      }});
  auto& parameters = model.parameters();
  for (const auto& p : parameters.all()) parameters.initialise(*p, 1, 0.3);
  parameters.prepare_gradients();
  const auto optimizer = optim::make_optimizer(parameters, {});
  const tasks::Batch batch = three_texts();
  const auto run = [&] {
    train::TrainStep step(model, losses, *optimizer, *t.kernels, {.peak_rate = 0.01, .clip = 0});
    step.run({&batch, 1}, 0);
  };
  const double before = parameters.find("classifier.bias")->value.as<double>()[0];
  EXPECT_ERROR(ErrorKind::internal, run(), "no gradient had reached: adapter.down, adapter.up.", "Freeze them");
  EXPECT_EQ(parameters.find("classifier.bias")->value.as<double>()[0], before);

  for (const char* name : {"adapter.down", "adapter.up"}) parameters.find(name)->trainable = false;
  EXPECT_NO_THROW(run());
  EXPECT_NE(parameters.find("classifier.bias")->value.as<double>()[0], before);
}

}  // namespace
}  // namespace attune
