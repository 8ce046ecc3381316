#include <cstring>

#include "c_fixture.h"

namespace attune::test {
namespace {

// Training to the end, and vectors of what was trained.
class CTraining : public CInterface {
 protected:
  std::string options(const std::string& out, const json& more) {
    std::string rows = "text,label\n";
    for (int i = 0; i < 48; ++i)
      rows += "w" + std::to_string(i % 40) + " w" + std::to_string(50 + i % 3) + ",c" + std::to_string(i % 3) + "\n";
    attune::write_file_atomically(folder_ / "train.csv", rows);
    json config = json::parse(attune::read_file(fs::path(golden("classify")) / "config.json"));
    config.erase("id2label"), config.erase("label2id");
    attune::write_file_atomically(fs::path(golden("classify")) / "config.json", config.dump());
    json all{{"model", golden("classify")},
             {"train", (folder_ / "train.csv").string()},
             {"out", (folder_ / out).string()},
             {"lr", 1e-3},
             {"epochs", 2},
             {"batch_size", 8},
             {"threads", 1},
             {"ladder", false},
             {"bootstrap", 0},
             {"log_every", 1}};
    all.update(more);
    return all.dump();
  }
};

TEST_F(CTraining, FinishesAndIsTheProgramsRun) {
  char* result = nullptr;
  int events = 0, questions = 0;
  ASSERT_EQ(train_from_c(options("run", json::object()).c_str(), 1000, &events, &questions, &result), ATTUNE_OK)
      << attune_last_error();
  const json told = json::parse(result);
  attune_free(result);
  EXPECT_EQ(told["state"], "finished");
  const json kept = json::parse(attune::read_file(folder_ / "run/report.json"));
  EXPECT_EQ(told["report"]["dev"]["accuracy"], kept["dev"]["accuracy"]);
  EXPECT_GT(events, 10);
  EXPECT_EQ(questions, 13);  // 12 steps (a tenth of 48 rows is held out), and once as dev is judged
  char again[4096];
  EXPECT_GT(predict_from_c((folder_ / "run").c_str(), "w1 w51", again, sizeof again), 0u);
  EXPECT_EQ(attune_train(options("run", {{"resume", true}}).c_str(), nullptr, &result), ATTUNE_OK)
      << attune_last_error();
  EXPECT_EQ(json::parse(result)["state"], "was_finished");
  attune_free(result);
}

TEST_F(CTraining, StopsAndGoesOn) {
  char* result = nullptr;
  int events = 0, questions = 0;
  ASSERT_EQ(train_from_c(options("stopped", json::object()).c_str(), 3, &events, &questions, &result), ATTUNE_OK)
      << attune_last_error();
  EXPECT_EQ(json::parse(result)["state"], "interrupted");
  attune_free(result);
  EXPECT_EQ(questions, 3);
  ASSERT_EQ(train_from_c(options("stopped", {{"resume", true}}).c_str(), 1000, &events, &questions, &result), ATTUNE_OK)
      << attune_last_error();
  EXPECT_EQ(json::parse(result)["state"], "finished");
  attune_free(result);
  EXPECT_EQ(questions, 10);
}

TEST_F(CTraining, RefusesWhatTheProgramRefuses) {
  char* result = nullptr;
  expect_failure(attune_train("{}", nullptr, &result), ATTUNE_USAGE, {"model"});
  expect_failure(attune_train(nullptr, nullptr, &result), ATTUNE_USAGE, {"options is NULL"});
  expect_failure(attune_train(options("x", {{"loss", "auto(budget=4)"}}).c_str(), nullptr, &result), ATTUNE_USAGE,
                 {"select-loss"});
  expect_failure(attune_train(options("x", {{"loss", "automatic"}}).c_str(), nullptr, &result), ATTUNE_USAGE,
                 {"automatic"});
  expect_failure(attune_train(options("x", {{"lrr", 1}}).c_str(), nullptr, &result), ATTUNE_USAGE, {"lrr", "lr"});
  EXPECT_FALSE(fs::exists(folder_ / "x"));
}

TEST_F(CTraining, VectorsAreOfTheirText) {
  const std::string trained = options("vectors", {{"task", "embed"},
                                                  {"dev", "none"},
                                                  {"batch_size", 12},
                                                  {"loss", "supcon"},
                                                  {"query_prefix", "w90 "},
                                                  {"passage_prefix", "w91 "},
                                                  {"new_head", true}});
  char* result = nullptr;
  ASSERT_EQ(attune_train(trained.c_str(), nullptr, &result), ATTUNE_OK) << attune_last_error();
  attune_free(result);
  attune_model* model = nullptr;
  ASSERT_EQ(attune_open((folder_ / "vectors").c_str(), R"({"precision": "f32"})", &model), ATTUNE_OK)
      << attune_last_error();
  opened_.push_back(model);
  const size_t width = attune_outputs(model);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back("w" + std::to_string(i % 90));
  const auto views = as_c(texts);
  std::vector<float> all(texts.size() * width), one(width), passage(width);
  ASSERT_EQ(attune_embed(model, views.data(), views.size(), nullptr, all.data(), all.size()), ATTUNE_OK)
      << attune_last_error();
  ASSERT_EQ(attune_embed(model, &views[299], 1, R"({"as": "query"})", one.data(), one.size()), ATTUNE_OK);
  EXPECT_EQ(std::memcmp(one.data(), all.data() + 299 * width, width * sizeof(float)), 0) << "alone and in company";
  double squares = 0;
  for (const float x : one) squares += static_cast<double>(x) * static_cast<double>(x);
  EXPECT_NEAR(squares, 1, 1e-5);
  ASSERT_EQ(attune_embed(model, &views[299], 1, R"({"as": "passage"})", passage.data(), width), ATTUNE_OK);
  EXPECT_NE(passage, one) << "another prefix";
  expect_failure(attune_embed(model, views.data(), 2, nullptr, all.data(), width), ATTUNE_USAGE, {"there is room for"});
  char* lines = nullptr;
  expect_failure(attune_predict(model, views.data(), nullptr, 1, nullptr, &lines), ATTUNE_USAGE, {"vector"});
}

}  // namespace
}  // namespace attune::test
