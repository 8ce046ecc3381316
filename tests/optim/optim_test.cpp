// Optimizers, clipping and schedules equal to PyTorch's and transformers' (tests/optim/golden, made by
// tools/golden_optim.py), and what differs between parameters.
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/optim/clipping.h"
#include "attune/optim/optimizer.h"
#include "attune/optim/schedule.h"

#include "tests/base/expect_error.h"

namespace attune {
namespace {

using nlohmann::json;
using optim::OptimizerOptions;
using tensor::DType;

json golden(const char* file) {
  return json::parse(read_file(std::filesystem::path(ATTUNE_TEST_DATA) / "optim/golden" / file));
}

void put(const tensor::Tensor& t, const std::vector<double>& values) {
  ASSERT_EQ(t.count(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (t.dtype == DType::f64) {
      t.as<double>()[i] = values[i];
    } else {
      t.as<float>()[i] = static_cast<float>(values[i]);
    }
  }
}
double get(const tensor::Tensor& t, size_t i) {
  return t.dtype == DType::f64 ? t.as<double>()[i] : static_cast<double>(t.as<float>()[i]);
}

std::unique_ptr<kernels::Kernels> kernels_for(DType type) {
  return type == DType::f64 ? kernels::reference::make_kernels() : kernels::cpu::make_kernels(1);
}

// A parameter of the given values with gradients ready.
nn::Parameter* add(nn::Parameters& parameters, const char* name, int64_t size, nn::ParameterOptions options = {}) {
  return parameters.add(name, {size}, std::move(options));
}
void make_ready(nn::Parameters& parameters, DType type) {
  parameters.allocate(type);
  parameters.prepare_gradients();
  for (const auto& p : parameters.all()) p->state.started = true;
}

class GoldenOptim : public ::testing::TestWithParam<DType> {
 protected:
  std::unique_ptr<kernels::Kernels> kernels_ = kernels_for(GetParam());
  double relative_ = GetParam() == DType::f64 ? 1e-12 : 3e-6;
};

OptimizerOptions options_of(const json& row) {
  const json& o = row["options"];
  const std::string kind = row["optimizer"];
  OptimizerOptions options{.name = kind == "AdamW"  ? "adamw"
                                   : kind == "Adam" ? "adam"
                                                    : "sgd",
                           .weight_decay = o["weight_decay"].get<double>()};
  if (options.name == "sgd") {
    options.momentum = o["momentum"].get<double>();
    options.nesterov = o["nesterov"].get<bool>();
  } else {
    options.beta1 = o["beta1"].get<double>(), options.beta2 = o["beta2"].get<double>(),
    options.eps = o["eps"].get<double>();
  }
  return options;
}

TEST_P(GoldenOptim, TenStepsOfEveryOptimizer) {
  const json file = golden("optimizers.json");
  ASSERT_GE(file["cases"].size(), 8U);
  for (const auto& [name, row] : file["cases"].items()) {
    nn::Parameters parameters;
    nn::Parameter* w = add(parameters, "w", 5);
    make_ready(parameters, GetParam());
    put(w->value, file["start"]);
    const auto optimizer = optim::make_optimizer(parameters, options_of(row));
    for (size_t t = 0; t < 10; ++t) {
      put(w->gradient, file["gradients"][t]);
      optimizer->step(*kernels_, row["rates"][t].get<double>(), 1.0, static_cast<int64_t>(t) + 1);
      for (size_t i = 0; i < 5; ++i) {
        const double want = row["values"][t][i];
        ASSERT_NEAR(get(w->value, i), want, relative_ * std::max(1.0, std::abs(want)))
            << name << ", step " << t + 1 << ", element " << i;
      }
    }
  }
}

TEST_P(GoldenOptim, Clipping) {
  const json cases = golden("clipping.json");
  ASSERT_GE(cases.size(), 12U);
  for (const auto& [name, row] : cases.items()) {
    nn::Parameters parameters;
    nn::Parameter* all[] = {add(parameters, "a", 2), add(parameters, "b", 1)};
    make_ready(parameters, GetParam());
    for (size_t p = 0; p < 2; ++p) put(all[p]->gradient, row["gradients"][p]);
    const double norm = optim::gradient_norm(parameters, *kernels_), want = row["norm"];
    EXPECT_NEAR(norm, want, std::max(relative_, 1e-7) * want) << name;
    const double factor = optim::clip_factor(norm, row["max_norm"].get<double>());
    for (size_t p = 0; p < 2; ++p)
      for (size_t i = 0; i < row["clipped"][p].size(); ++i) {
        const double clipped = row["clipped"][p][i];
        EXPECT_NEAR(factor * get(all[p]->gradient, i), clipped, std::max(relative_, 1e-7) * std::abs(clipped)) << name;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GoldenOptim, ::testing::Values(DType::f64, DType::f32),
                         [](const auto& test) { return std::string(tensor::name(test.param)); });

TEST(Clipping, WithoutABoundNothingIsClipped) {
  EXPECT_EQ(optim::clip_factor(1e9, 0), 1);
}

// Gradients (3, 4) of `a` and one of `b`.
struct TwoGradients {
  explicit TwoGradients(double of_b) {
    make_ready(parameters, DType::f32);
    put(a->gradient, {3, 4}), put(b->gradient, {of_b});
  }
  double norm() const { return optim::gradient_norm(parameters, *kernels_for(DType::f32)); }
  nn::Parameters parameters;
  nn::Parameter *a = add(parameters, "a", 2), *b = add(parameters, "b", 1);
};

TEST(Clipping, SquaresThatAreKnownAreNotSummedAgain) {
  TwoGradients two(12);
  two.a->state.squared = true;
  *two.a->squares.as<double>() = 0.25;  // not what stands in the gradient: who reads it is seen
  EXPECT_EQ(two.norm(), std::sqrt(144.25));
}

TEST(Clipping, OnlyGradientsThatArrivedCount) {
  TwoGradients two(100);
  two.b->state.started = false;
  EXPECT_DOUBLE_EQ(two.norm(), 5);
}

TEST(Schedules, EveryFactor) {
  const json rows = golden("schedules.json");
  ASSERT_GE(rows.size(), 20U);
  for (const auto& row : rows) {
    const optim::Schedule schedule{
        .kind = optim::schedule_named(row["schedule"]), .warmup = row["warmup_steps"], .total = row["total_steps"]};
    for (size_t t = 0; t < row["factors"].size(); ++t)
      EXPECT_NEAR(schedule.factor(static_cast<int64_t>(t)), row["factors"][t].get<double>(), 1e-12)
          << row["schedule"] << " " << row["warmup_steps"] << "/" << row["total_steps"] << ", step " << t;
  }
  EXPECT_ERROR(ErrorKind::usage, optim::schedule_named("cosin"), "cosin", "cosine");
}

// docs/article.md: without bias correction step t is (1 - b1^t) / sqrt(1 - b2^t) times as long (gradient constant, eps
// 0).
TEST(Article, AdamWithoutBiasCorrection) {
  const auto kernels = kernels_for(DType::f64);
  nn::Parameters parameters;
  nn::Parameter* w = add(parameters, "w", 1);
  make_ready(parameters, DType::f64);
  const auto plain = optim::make_optimizer(parameters, {.weight_decay = 0, .eps = 0, .bias_correction = false});
  double longest = 0, before = 0;
  for (int t = 1; t <= 1000; ++t) {
    put(w->gradient, {0.37});
    before = get(w->value, 0);
    plain->step(*kernels, 1e-3, 1.0, t);
    const double times = (before - get(w->value, 0)) / 1e-3;  // the corrected step is exactly the rate
    EXPECT_NEAR(times, (1 - std::pow(0.9, t)) / std::sqrt(1 - std::pow(0.999, t)), 1e-8) << t;
    if (t == 1) {
      EXPECT_NEAR(times, 3.1623, 1e-4);
    }
    if (t == 1000) {
      EXPECT_NEAR(times, 1.2576, 1e-4);
    }
    longest = std::max(longest, times);
  }
  EXPECT_NEAR(longest, 6.5685, 1e-4);  // at step 12

  put(w->value, {0});
  const auto corrected = optim::make_optimizer(parameters, {.weight_decay = 0, .eps = 0});
  for (int t = 1; t <= 12; ++t) corrected->step(*kernels, 1e-3, 1.0, t);
  EXPECT_NEAR(get(w->value, 0), -12e-3, 1e-12);
}

// Decay spares what does not decay; frozen parameters stay; the rate falls by layer.
TEST(ParameterGroups, DecayFreezingAndLayerRates) {
  const auto kernels = kernels_for(DType::f64);
  nn::Parameters parameters;
  nn::Parameter* bottom = add(parameters, "embeddings", 1, {.depth = 0});
  nn::Parameter* bias = add(parameters, "bias", 1, {.decays = false, .depth = 2});
  nn::Parameter* frozen = add(parameters, "frozen", 1, {.depth = 1});
  nn::Parameter* top = add(parameters, "head", 1, {.depth = 2});
  frozen->trainable = false;
  make_ready(parameters, DType::f64);
  for (const auto& p : parameters.all()) put(p->value, {1});
  for (auto* p : {bottom, bias, top}) put(p->gradient, {2});
  EXPECT_FALSE(frozen->gradient.defined());
  const auto sgd = optim::make_optimizer(parameters, {.name = "sgd", .weight_decay = 0.5, .layer_decay = 0.1});
  sgd->step(*kernels, 0.1, 0.5, 1);  // clipped gradient 1
  EXPECT_NEAR(get(top->value, 0), 1 - 0.1 * (1 + 0.5), 1e-15);
  EXPECT_NEAR(get(bias->value, 0), 1 - 0.1, 1e-15);
  EXPECT_NEAR(get(bottom->value, 0), 1 - 0.1 * 0.01 * (1 + 0.5), 1e-15);
  EXPECT_EQ(get(frozen->value, 0), 1);
}

// In a bf16 run the copy that products read follows every update.
TEST(Optimizers, TwinsFollow) {
  const auto kernels = kernels_for(DType::f32);
  for (const char* name : {"adamw", "adam", "sgd"}) {
    nn::Parameters parameters;
    nn::Parameter* w = add(parameters, "w", 40, {.product_weight = true});
    make_ready(parameters, DType::bf16);
    put(w->value, std::vector<double>(40, 1.0));
    put(w->gradient, std::vector<double>(40, 0.123));
    parameters.refresh_twins();
    optim::make_optimizer(parameters, {.name = name})->step(*kernels, 0.05, 1.0, 1);
    for (size_t i = 0; i < 40; ++i) {
      EXPECT_NE(get(w->value, i), 1.0) << name;
      EXPECT_EQ(w->value.twin[i].bits, tensor::BFloat16(static_cast<float>(get(w->value, i))).bits) << name << " " << i;
    }
  }
}

TEST(Optimizers, StateIsNamedForCheckpoints) {
  nn::Parameters parameters;
  add(parameters, "a", 3), add(parameters, "b", 2);
  make_ready(parameters, DType::f32);
  const auto names = [&](const OptimizerOptions& options) {
    std::vector<std::string> out;
    for (const auto& each : optim::make_optimizer(parameters, options)->state()) out.push_back(each.name);
    return out;
  };
  EXPECT_EQ(names({}), (std::vector<std::string>{"a/m", "a/v", "b/m", "b/v"}));
  EXPECT_EQ(names({.name = "sgd"}).size(), 0U);
  EXPECT_EQ(names({.name = "sgd", .momentum = 0.9}).size(), 2U);
}

TEST(Optimizers, ErrorsNameTheOption) {
  nn::Parameters parameters;
  add(parameters, "w", 1);
  make_ready(parameters, DType::f32);
  EXPECT_ERROR(ErrorKind::usage, optim::make_optimizer(parameters, {.name = "adamm"}), "adamm", "adam, adamw, sgd");
  EXPECT_ERROR(ErrorKind::usage, optim::make_optimizer(parameters, {.beta1 = 1}), "--beta1 is 1", "[0, 1)");
  EXPECT_ERROR(ErrorKind::usage, optim::make_optimizer(parameters, {.momentum = 0.9}),
               "--momentum is for --optimizer sgd", "--beta1");
  EXPECT_ERROR(ErrorKind::usage, optim::make_optimizer(parameters, {.nesterov = true}), "--nesterov", "--momentum");
  EXPECT_ERROR(ErrorKind::usage, optim::make_optimizer(parameters, {.weight_decay = -1}), "--weight-decay is -1");
}

}  // namespace
}  // namespace attune
