// Training, evaluation, checkpoints and whole folders on a device whose memory the host must not touch
// (strict_device.h), by the very code that runs on the CPU, and with the same bits as its kernels give in the host's
// memory.
#include <csignal>
#include <gtest/gtest.h>

#include "attune/losses/language/make_objective.h"
#include "attune/train/checkpoint.h"
#include "attune/train/evaluate.h"
#include "attune/train/head_start.h"
#include "attune/train/predictor.h"
#include "attune/train/train_step.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/train/strict_device.h"
#include "tests/train/tiny_model.h"

namespace attune::train {
namespace {

using Floats = std::vector<float>;

Floats values_of(const nn::Parameters& parameters) {
  Floats all;
  for (const auto& p : parameters.all()) {
    const tensor::OnHost<float> on_host(parameters.memory(), p->value);
    all.insert(all.end(), on_host.values().begin(), on_host.values().end());
  }
  return all;
}

struct Kind {
  const char* task;
  const char* optimizer;
  const char* loss = "";  // of 30 rows a grade; else the task's default
};

// A task's rows, made of the graded texts of tiny_model.h.
data::Dataset rows_for(const std::string& task) {
  data::Dataset set = test::graded_texts();
  std::vector<data::Example> rows = test::copied(set);
  for (auto& row : rows) {
    const int grade = std::stoi(row.labels[0]);
    if (task == "regress") row.labels.clear(), row.score = grade;
    if (task != "tag") continue;
    row.text = "w1 w50 w7";
    row.words = {"w1", "w50", "w7"};
    row.word_spans = {{0, 2}, {3, 6}, {7, 9}};
    row.labels = {"0", test::kGrades[static_cast<size_t>(grade)], "1"};
  }
  set.examples = rows;
  return set;
}

// What a device made of the same run.
struct Outcome {
  Floats weights, moments, answers, resumed;
  std::vector<double> losses, norms;
  double dev_loss = 0;
};

class Device : public testing::TestWithParam<Kind> {
 protected:
  Device() { test::make_model(folder_ / "model", "sequence_classification"); }

  tasks::ModelBundle open(kernels::Kernels& kernels) {
    const tasks::Task& task = tasks::task_named(GetParam().task);
    return tasks::open_for_training(
        {.model = (folder_ / "model").string(),
         .task = &task,
         .data_labels = task.kind == tasks::TaskKind::regress ? std::vector<std::string>{} : test::kGrades,
         .make_loss = !*GetParam().loss ? tasks::MakeLoss() : [](const data::Labels&) {
           return losses::make_objective(GetParam().loss, losses::TargetKind::classes,
                                         {.labels = 4, .counts = {30, 30, 30, 30}, .items = 120});
         },
         .new_head = true,
         .seed = 1,
         .dropout = 0.1,
         .attention_dropout = 0.1,
         .encode = {},
         .device = &kernels});
  }

  Outcome run(kernels::Kernels& kernels, const std::string& name) {
    tasks::ModelBundle bundle = open(kernels);
    const bool tagging = bundle.task->kind == tasks::TaskKind::tag;
    const Split split = make_split("train", "rows", rows_for(GetParam().task), bundle);
    nn::Parameters& parameters = bundle.model->parameters();
    Outcome outcome;
    if (std::string(GetParam().task) == "classify" && !*GetParam().loss) start_head(bundle, kernels, split, {});
    parameters.prepare_gradients(optim::table_gradients({.name = GetParam().optimizer}));
    const auto optimizer = optim::make_optimizer(parameters, {.name = GetParam().optimizer});
    TrainStep step(*bundle.model, bundle.loss, *optimizer, kernels,
                   {.peak_rate = 1e-3, .clip = 0.5, .seed = 3, .schedule = {.total = 8}});
    std::vector<tasks::Batch> micro(2);  // of unequal size: gradients are added up
    for (int32_t s = 0; s < 4; ++s) {
      fill_batch(micro[0], split, std::vector<int32_t>{4 * s, 4 * s + 1, 4 * s + 2}, tagging);
      fill_batch(micro[1], split, std::vector<int32_t>{4 * s + 3}, tagging);
      const StepReport report = step.run(micro, s);
      outcome.losses.push_back(report.loss), outcome.norms.push_back(report.gradient_norm);
    }
    step.settle();
    outcome.weights = values_of(parameters);
    for (const auto& state : optimizer->state()) {
      const tensor::OnHost<float> on_host(parameters.memory(), state.tensor);
      outcome.moments.insert(outcome.moments.end(), on_host.values().begin(), on_host.values().end());
    }
    outcome.dev_loss = evaluate(bundle, kernels, split, {})->scores.value("loss");

    const fs::path folder = folder_ / name;
    fs::create_directories(folder);
    save_checkpoint(folder, *bundle.model, optimizer.get(), bundle.loss, {.step = 4}, {}, 1);
    tasks::ModelBundle again = open(kernels);
    again.model->parameters().prepare_gradients(optim::table_gradients({.name = GetParam().optimizer}));
    const auto moments = optim::make_optimizer(again.model->parameters(), {.name = GetParam().optimizer});
    EXPECT_EQ(load_checkpoint(*newest_checkpoint(folder), *again.model, *moments, again.loss, {}).step, 4);
    outcome.resumed = values_of(again.model->parameters());

    tasks::save_bundle(bundle, folder, nlohmann::json::object());
    const tasks::ModelBundle saved =
        tasks::open_for_inference(folder.string(), {.precision = tensor::DType::f32, .device = &kernels});
    for (const auto& row : Predictor(saved, kernels, 3).logits(test::copied(split.data)))
      outcome.answers.insert(outcome.answers.end(), row.logits.begin(), row.logits.end());
    return outcome;
  }

  test::TempFolder folder_;
};

void expect_same(const Outcome& got, const Outcome& want) {
  EXPECT_EQ(got.losses, want.losses);
  EXPECT_EQ(got.norms, want.norms);
  EXPECT_EQ(got.weights, want.weights);
  EXPECT_EQ(got.moments, want.moments);
  EXPECT_EQ(got.dev_loss, want.dev_loss);
  EXPECT_EQ(got.answers, want.answers);
}

TEST_P(Device, TrainsToTheSameBitsAsInTheHostsMemory) {
  test::StrictMemory memory;
  test::StrictKernels strict(memory);
  const Outcome there = run(strict, "strict");
  EXPECT_EQ(there.resumed, there.weights);
  EXPECT_NE(there.losses.front(), there.losses.back());
  const auto plain = kernels::reference::make_kernels();
  expect_same(there, run(*plain, "host"));
}

TEST_P(Device, TrainsAsTheCpuDoes) {
  test::StrictMemory memory;
  test::StrictKernels strict(memory);
  const auto cpu = kernels::cpu::make_kernels(2);
  const Outcome there = run(strict, "strict"), here = run(*cpu, "cpu");
  const auto near = [](const Floats& a, const Floats& b, float tolerance) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance) << i;
  };
  for (size_t s = 0; s < here.losses.size(); ++s) EXPECT_NEAR(there.losses[s], here.losses[s], 2e-3) << s;
  near(there.answers, here.answers, 5e-3f);
}

INSTANTIATE_TEST_SUITE_P(Tasks, Device,
                         testing::Values(Kind{"classify", "adamw"}, Kind{"multilabel", "sgd"}, Kind{"regress", "adam"},
                                         Kind{"tag", "adamw"}, Kind{"classify", "adamw", "ldam(scale=5)"}),
                         [](const auto& test) {
                           return fmt::format("{}{}", test.param.task, *test.param.loss ? "_ldam" : "");
                         });

// The strict device is strict.

using StrictDeathTest = testing::Test;

TEST(StrictDeathTest, TheHostsTouchIsAFault) {
  test::StrictMemory memory;
  tensor::Arena arena(memory);
  const tensor::Tensor x = arena.tensor({4}, tensor::DType::f32);
  // (A sanitizer has a handler of its own for the fault.)
  const auto touched = [&](auto touch) { std::signal(SIGSEGV, SIG_DFL), touch(static_cast<volatile float*>(x.data)); };
  EXPECT_EXIT(touched([](auto* at) { *at = 1; }), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(touched([](auto* at) { static_cast<void>(*at); }), testing::KilledBySignal(SIGSEGV), "");
}

TEST(Strict, WorkWaitsUntilItsResultIsAskedFor) {
  test::StrictMemory memory;
  test::StrictKernels kernels(memory);
  tensor::Arena arena(memory);
  const tensor::Tensor x = arena.tensor({4}, tensor::DType::f32);
  kernels.fill({.y = x, .value = 2});
  EXPECT_EQ(memory.waiting(), 1U);
  const tensor::OnHost<float> read(memory, x);
  EXPECT_EQ(memory.waiting(), 0U);
  EXPECT_EQ(read.values()[3], 2);
}

TEST(Strict, HostOperandsAreRefused) {
  test::StrictMemory memory;
  test::StrictKernels kernels(memory);
  tensor::Arena there(memory), here;
  const tensor::Tensor x = there.tensor({1, 4}, tensor::DType::f32), y = here.tensor({1, 4}, tensor::DType::f32);
  EXPECT_ERROR(ErrorKind::internal, kernels.convert({.x = x, .y = y}), "not in the strict device's memory");
  const int32_t index[] = {0};
  EXPECT_ERROR(ErrorKind::internal, kernels.gather_rows({.x = x, .index = index, .y = x}), "an array of 4 bytes");
}

}  // namespace
}  // namespace attune::train
