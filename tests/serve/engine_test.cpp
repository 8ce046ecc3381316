#include "attune/serve/engine.h"

#include <future>
#include <gtest/gtest.h>

#include "attune/train/predictor.h"

#include "tests/serve/served_models.h"

namespace attune::serve {
namespace {

using serve_test::job_of;
using namespace std::chrono_literals;

struct Ended {
  std::unique_ptr<Job> job;
  Outcome outcome;
};

std::future<Ended> submit(Engine& engine, std::unique_ptr<Job> job) {
  const auto promise = std::make_shared<std::promise<Ended>>();
  auto future = promise->get_future();
  const auto refused =
      engine.submit(std::move(job), [promise](std::unique_ptr<Job> done, Outcome outcome, const std::string&) {
        promise->set_value({std::move(done), outcome});
      });
  EXPECT_FALSE(refused.has_value());
  return future;
}

class EngineTest : public testing::Test {
 protected:
  static std::string words(int from, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "w" + std::to_string((from + 7 * i) % 95) + " ";
    return text;
  }
  static std::unique_ptr<Job> pair_job(const ModelRef& model, const std::string& text) {
    auto job = std::make_unique<Job>();
    job->model = model;
    data::Example& row = job->rows.emplace_back();
    row.text = row.text_pair = text, row.has_pair = true;
    model->encode(row, job->encoded);
    return job;
  }
  const test::TempFolder folder_;
  const ModelRef model_ = serve_test::make_classifier(folder_ / "model", "tiny");
};

TEST_F(EngineTest, AnswersAreThoseOfPredictToTheBit) {
  std::vector<data::Example> rows(40);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].text = words(static_cast<int>(i), 1 + static_cast<int>(i) % 11);
  const auto kernels = kernels::cpu::make_kernels(1);
  const auto alone = train::Predictor(model_->bundle(), *kernels, 1).logits(rows);
  for (const int threads : {1, 2}) {
    Engine engine({.threads = threads, .max_batch_tokens = 50});
    std::vector<std::future<Ended>> ended;
    // Requests of one, two and many texts at once.
    for (size_t i = 0; i < rows.size();) {
      std::vector<std::string> texts;
      for (const size_t end = std::min(rows.size(), i + 1 + i % 13); i < end; ++i) texts.push_back(rows[i].text);
      ended.push_back(submit(engine, job_of(model_, texts)));
    }
    size_t at = 0;
    for (auto& future : ended) {
      const Ended end = future.get();
      ASSERT_EQ(end.outcome, Outcome::done);
      for (const auto& row : end.job->results) EXPECT_EQ(row.logits, alone[at++].logits);
    }
    EXPECT_EQ(at, rows.size());
    EXPECT_EQ(engine.waiting_jobs(), 0);
    EXPECT_EQ(engine.waiting_tokens(), 0);
    EXPECT_EQ(engine.counts().sequences, 40);
  }
}

TEST_F(EngineTest, OneTextDoesNotWaitForAllOfAnother) {
  Engine engine({.max_batch_tokens = 16});
  std::vector<std::string> many;
  for (int i = 0; i < 400; ++i) many.push_back(words(i, 8));
  auto large = submit(engine, job_of(model_, many));
  auto small = submit(engine, job_of(model_, {words(3, 4)}));
  const Ended small_end = small.get();
  EXPECT_EQ(large.wait_for(0s), std::future_status::timeout);
  EXPECT_LT(small_end.job->ended, large.get().job->ended);
}

TEST_F(EngineTest, AFullQueueRefusesAndSaysWhenToComeBack) {
  Engine engine({.max_batch_tokens = 8, .queue_tokens = 60});
  std::vector<std::string> many(200, words(1, 8));
  auto large = submit(engine, job_of(model_, many));  // larger than the queue: alone
  const auto wait = engine.submit(job_of(model_, {words(2, 8)}),
                                  [](auto, auto, auto&) { ADD_FAILURE() << "told of a job it refused"; });
  ASSERT_TRUE(wait.has_value());
  EXPECT_GE(*wait, 1);
  EXPECT_EQ(large.get().outcome, Outcome::done);
  EXPECT_EQ(submit(engine, job_of(model_, {words(2, 8)})).get().outcome, Outcome::done);
}

TEST_F(EngineTest, WhatWaitedTooLongIsNotRun) {
  // The first one begins at once, and takes longer than the deadline, on a busy machine too.
  Engine engine({.max_batch_tokens = 8, .queue_tokens = 200000, .deadline = 100ms});
  auto large = submit(engine, job_of(model_, std::vector<std::string>(6000, words(1, 8))));
  std::vector<std::future<Ended>> late;
  for (int i = 0; i < 20; ++i)
    late.push_back(submit(engine, job_of(model_, std::vector<std::string>(50, words(i, 8)))));
  EXPECT_EQ(large.get().outcome, Outcome::done) << "what has begun goes on";
  int too_late = 0;
  for (auto& future : late) {
    const Ended end = future.get();
    too_late += end.outcome == Outcome::too_late;
    if (end.outcome == Outcome::too_late) {
      EXPECT_TRUE(end.job->results[0].logits.empty());
    }
  }
  EXPECT_GT(too_late, 0);
  EXPECT_EQ(engine.waiting_tokens(), 0);
}

TEST_F(EngineTest, ModelsTakeTurns) {
  const ModelRef other = serve_test::make_scorer(folder_ / "other", "other");
  Engine engine({.max_batch_tokens = 32});
  std::vector<std::future<Ended>> ended;
  for (int i = 0; i < 30; ++i)
    ended.push_back(submit(engine, i % 2 ? pair_job(other, words(i, 5)) : job_of(model_, {words(i, 5)})));
  for (int i = 0; i < 30; ++i) {
    const Ended end = ended[static_cast<size_t>(i)].get();
    EXPECT_EQ(std::ssize(end.job->results[0].logits), (i % 2 ? other : model_)->bundle().logit_count());
  }
}

TEST_F(EngineTest, ModelsOverOneEncoderRunTogether) {
  tasks::ModelBundle scorer = tasks::open_for_training({.model = (folder_ / "model").string(),
                                                        .task = &tasks::task_named("regress"),
                                                        .data_labels = {},
                                                        .new_head = true,
                                                        .encode = {},
                                                        .pairs = true});
  fs::create_directories(folder_ / "other");
  tasks::save_bundle(scorer, folder_ / "other", nlohmann::json::object());
  const ModelRef other = serve_test::open_model(folder_ / "other", "other", {model_});
  ASSERT_TRUE(other->shares_encoder_with(*model_));
  EXPECT_EQ(other->encoder_hash(), model_->encoder_hash());
  const ModelRef alone = serve_test::open_model(folder_ / "other", "alone");
  Engine engine({.max_batch_tokens = 1000, .batch_delay = 100ms});
  auto first = submit(engine, job_of(model_, {words(1, 4)}));
  auto second = submit(engine, pair_job(other, words(2, 4)));
  const auto score = second.get().job->results[0].logits;
  EXPECT_EQ(std::ssize(first.get().job->results[0].logits), 3);
  EXPECT_EQ(engine.counts().passes, 1);
  EXPECT_EQ(score, submit(engine, pair_job(alone, words(2, 4))).get().job->results[0].logits);
}

TEST_F(EngineTest, AnEncoderIsSharedInOnePrecisionAlone) {
  const ModelRef bf16 = std::make_shared<ServedModel>("bf16", (folder_ / "model").string(),
                                                      OpenOptions{.precision = "bf16", .others = {model_}});
  EXPECT_EQ(bf16->encoder_hash(), model_->encoder_hash());
  EXPECT_FALSE(bf16->shares_encoder_with(*model_));
}

TEST_F(EngineTest, CompanyIsWaitedForOnlySoLong) {
  Engine engine({.max_batch_tokens = 1000, .batch_delay = 30ms});
  auto first = submit(engine, job_of(model_, {words(1, 4)}));
  auto second = submit(engine, job_of(model_, {words(2, 4)}));
  const Ended one = first.get();
  second.get();
  EXPECT_EQ(engine.counts().passes, 1);
  EXPECT_GE(one.job->begun - one.job->arrived, 29ms);
}

TEST_F(EngineTest, AnEndTellsThoseWhoWait) {
  std::vector<std::future<Ended>> ended;
  {
    Engine engine({.max_batch_tokens = 8});
    for (int i = 0; i < 50; ++i)
      ended.push_back(submit(engine, job_of(model_, std::vector<std::string>(20, words(i, 8)))));
  }
  int failed = 0;
  for (auto& future : ended) failed += future.get().outcome == Outcome::failed;
  EXPECT_GT(failed, 0);
}

}  // namespace
}  // namespace attune::serve
