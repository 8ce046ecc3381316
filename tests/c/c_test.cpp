#include <cmath>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>

#include "attune/base/files.h"
#include "attune/c/attune.h"
#include "attune/tasks/model_bundle.h"
#include "attune/train/predictor.h"

extern "C" {
attune_status train_from_c(const char* options, int stop_at, int* events, int* questions, char** result);
size_t predict_from_c(const char* folder, const char* text, char* answer, size_t room);
}

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kGolden = fs::path(ATTUNE_TEST_DATA) / "models/golden/sequence_classification";

class CInterface : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("attune_c_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override {
    for (attune_model* model : opened_) attune_close(model);
    fs::remove_all(folder_);
  }

  // The golden model with words w0, w1, ... to read, its last layer (three outputs) as that of another task.
  std::string golden(const std::string& task) {
    const fs::path folder = folder_ / task;
    if (fs::exists(folder)) return folder.string();
    fs::create_directories(folder);
    fs::copy_file(kGolden / "model.safetensors", folder / "model.safetensors");
    json config = json::parse(attune::read_file(kGolden / "config.json"));
    if (task == "multilabel") config["problem_type"] = "multi_label_classification";
    if (task == "tag")
      config.update({{"architectures", {"BertForTokenClassification"}},
                     {"problem_type", nullptr},
                     {"id2label", {{"0", "O"}, {"1", "B-X"}, {"2", "I-X"}}},
                     {"label2id", {{"O", 0}, {"B-X", 1}, {"I-X", 2}}}});
    attune::write_file_atomically(folder / "config.json", config.dump());
    std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (int i = 0; i < 95; ++i) vocabulary += "w" + std::to_string(i) + "\n";
    attune::write_file_atomically(folder / "vocab.txt", vocabulary);
    return folder.string();
  }

  attune_model* open(const std::string& name, const char* options = nullptr) {
    attune_model* model = nullptr;
    EXPECT_EQ(attune_open(golden(name).c_str(), options, &model), ATTUNE_OK) << attune_last_error();
    if (model) opened_.push_back(model);
    return model;
  }

  fs::path folder_;
  std::vector<attune_model*> opened_;
};

std::vector<attune_text> as_c(const std::vector<std::string>& texts) {
  std::vector<attune_text> views;
  for (const auto& text : texts) views.push_back({text.data(), text.size()});
  return views;
}

std::string predicted(attune_model* model, const std::vector<std::string>& texts, const char* options = nullptr) {
  const auto views = as_c(texts);
  char* lines = nullptr;
  EXPECT_EQ(attune_predict(model, views.data(), nullptr, views.size(), options, &lines), ATTUNE_OK)
      << attune_last_error();
  const std::string copy = lines ? lines : "";
  attune_free(lines);
  return copy;
}

std::vector<json> parsed(const std::string& lines) {
  std::vector<json> all;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    all.push_back(json::parse(lines.substr(at, end - at)));
    at = end + 1;
  }
  return all;
}

// That the last call failed as `status`, and what its message holds.
void expect_failure(attune_status came, attune_status status, const std::vector<std::string>& words) {
  EXPECT_EQ(came, status) << attune_status_name(came) << ": " << attune_last_error();
  for (const auto& word : words)
    EXPECT_NE(std::string(attune_last_error()).find(word), std::string::npos) << word << " in: " << attune_last_error();
}

TEST_F(CInterface, LogitsAreTheModels) {
  attune_model* model = open("classify", R"({"threads": 2, "precision": "f32"})");
  const std::vector<std::string> texts{"w1 w2 w3", "", "w7 w8 w9 w10 unknown"};
  const std::vector<json> lines = parsed(predicted(model, texts, R"({"logits": true})"));
  ASSERT_EQ(lines.size(), 3u);
  const auto bundle = attune::tasks::open_for_inference(golden("classify"), attune::tensor::DType::f32);
  const auto kernels = attune::kernels::cpu::make_kernels(1);
  attune::train::Predictor predictor(bundle, *kernels);
  std::vector<attune::data::Example> rows(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) rows[i].text = texts[i];
  const auto expected = predictor.logits(rows);
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["logits"].get<std::vector<float>>(), expected[i].logits) << i;
    double sum = 0;
    for (const auto& p : lines[i]["probabilities"]) sum += p.get<double>();
    EXPECT_NEAR(sum, 1, 1e-12);
  }
  EXPECT_NE(lines[0]["logits"], lines[2]["logits"]);
}

TEST_F(CInterface, TellsWhatWasOpened) {
  attune_model* model = open("classify", R"({"threads": 3, "precision": "f32"})");
  const json told = json::parse(attune_describe(model));
  EXPECT_EQ(told["task"], "classify");
  EXPECT_EQ(told["labels"].size(), attune_outputs(model));
  EXPECT_EQ(told["outputs"], attune_outputs(model));
  EXPECT_EQ(told["precision"], "f32");
  EXPECT_EQ(told["threads"], 3);
  EXPECT_STREQ(attune_version(), ATTUNE_VERSION);
}

TEST_F(CInterface, EveryTaskAnswers) {
  EXPECT_TRUE(parsed(predicted(open("multilabel"), {"w1 w2"}))[0].contains("labels"));
  const json tagged = parsed(predicted(open("tag"), {"w1, w2"}))[0];
  EXPECT_TRUE(tagged.contains("entities")) << tagged;
  EXPECT_EQ(parsed(predicted(open("classify"), {"w1"}, R"({"top": 1})"))[0]["probabilities"].size(), 1u);
  EXPECT_EQ(predicted(open("classify"), {}), "");
}

TEST_F(CInterface, RowsOfJsonAreReadAsThePrograms) {
  attune_model* model = open("classify");
  const std::string rows = "{\"id\": \"a\", \"text\": \"w1 w2\"}\n{\"id\": \"b\", \"text\": \"w3\"}\n";
  char* lines = nullptr;
  ASSERT_EQ(attune_predict_rows(model, {rows.data(), rows.size()}, nullptr, &lines), ATTUNE_OK) << attune_last_error();
  const auto with_ids = parsed(lines);
  attune_free(lines);
  ASSERT_EQ(with_ids.size(), 2u);
  EXPECT_EQ(with_ids[1]["id"], "b");
  EXPECT_EQ(with_ids[1]["probabilities"], parsed(predicted(model, {"w3"}))[0]["probabilities"]);
  const std::string words = "{\"tokens\": [\"w1\", \"w2\"]}\n";
  attune_model* tagger = open("tag");
  ASSERT_EQ(attune_predict_rows(tagger, {words.data(), words.size()}, nullptr, &lines), ATTUNE_OK)
      << attune_last_error();
  EXPECT_EQ(std::string(lines), predicted(tagger, {"w1 w2"}));
  attune_free(lines);
  const std::string broken = "{\"text\": \"w1\"}\nnot json\n";
  expect_failure(attune_predict_rows(model, {broken.data(), broken.size()}, nullptr, &lines), ATTUNE_INPUT,
                 {"rows line 2"});
  const std::string mine = "{\"mine\": \"w3\"}\n";
  ASSERT_EQ(attune_predict_rows(model, {mine.data(), mine.size()}, R"({"text": "mine", "top": 2})", &lines), ATTUNE_OK);
  EXPECT_EQ(parsed(lines)[0]["probabilities"].size(), 2u);
  attune_free(lines);
}

TEST_F(CInterface, PairsAreOtherTexts) {
  attune_model* model = open("classify");
  const std::vector<std::string> texts{"w1 w2"}, seconds{"w3 w4"};
  const auto first = as_c(texts), second = as_c(seconds);
  char* lines = nullptr;
  ASSERT_EQ(attune_predict(model, first.data(), second.data(), 1, nullptr, &lines), ATTUNE_OK) << attune_last_error();
  EXPECT_NE(std::string(lines), predicted(model, texts));
  attune_free(lines);
  expect_failure(attune_predict(open("tag"), first.data(), second.data(), 1, nullptr, &lines), ATTUNE_USAGE,
                 {"task tag"});
}

TEST_F(CInterface, ManyThreadsGetTheSameAnswers) {
  attune_model* model = open("classify", R"({"threads": 1})");
  attune_model* other = open("multilabel", R"({"threads": 1})");
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back("w" + std::to_string(i % 90) + " w" + std::to_string(i % 7));
  const std::string expected = predicted(model, texts), expected_other = predicted(other, texts);
  std::vector<std::string> came(6);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < came.size(); ++i)
    threads.emplace_back([&, i] { came[i] = predicted(i % 2 ? other : model, texts); });
  for (auto& thread : threads) thread.join();
  for (size_t i = 0; i < came.size(); ++i) EXPECT_EQ(came[i], i % 2 ? expected_other : expected) << i;
}

TEST_F(CInterface, AnErrorIsOfItsThread) {
  attune_model* model = nullptr;
  expect_failure(attune_open("/nowhere/at/all", nullptr, &model), ATTUNE_USAGE, {"/nowhere/at/all"});
  const std::string mine = attune_last_error();
  std::thread([] {
    EXPECT_STREQ(attune_last_error(), "");
    attune_model* none = nullptr;
    EXPECT_EQ(attune_open(nullptr, nullptr, &none), ATTUNE_USAGE);
    EXPECT_NE(std::string(attune_last_error()).find("model is NULL"), std::string::npos);
  }).join();
  EXPECT_EQ(mine, attune_last_error());
}

TEST_F(CInterface, RefusalsSayWhatIsWrong) {
  attune_model* model = nullptr;
  const std::string folder = golden("classify");
  expect_failure(attune_open(folder.c_str(), R"({"treads": 2})", &model), ATTUNE_USAGE, {"treads", "threads"});
  expect_failure(attune_open(folder.c_str(), "{", &model), ATTUNE_USAGE, {"the options"});
  expect_failure(attune_open(folder.c_str(), R"({"precision": "f16"})", &model), ATTUNE_USAGE, {"f16", "bf16"});
  expect_failure(attune_open(folder.c_str(), nullptr, nullptr), ATTUNE_USAGE, {"opened is NULL"});
  model = open("classify");
  char* lines = nullptr;
  const attune_text broken{"\xff", 1}, none{nullptr, 3};
  expect_failure(attune_predict(model, &broken, nullptr, 1, nullptr, &lines), ATTUNE_INPUT, {"text 1", "0xff"});
  expect_failure(attune_predict(model, &none, nullptr, 1, nullptr, &lines), ATTUNE_USAGE, {"text 1 is NULL"});
  expect_failure(attune_predict(model, nullptr, nullptr, 1, nullptr, &lines), ATTUNE_USAGE, {"texts is NULL"});
  expect_failure(attune_predict(nullptr, &broken, nullptr, 1, nullptr, &lines), ATTUNE_USAGE, {"model is NULL"});
  expect_failure(attune_predict(model, &broken, nullptr, 0, R"({"top": -1})", &lines), ATTUNE_USAGE,
                 {"top", "at least 0"});
  float vector[1];
  expect_failure(attune_embed(model, &none, 0, nullptr, vector, 1), ATTUNE_USAGE, {"classify", "embed"});
  EXPECT_EQ(lines, nullptr);
  EXPECT_STREQ(attune_status_name(ATTUNE_INPUT), "input");
  EXPECT_STREQ(attune_status_name(ATTUNE_OK), "ok");
}

TEST_F(CInterface, ReadAsC) {
  char answer[4096];
  ASSERT_GT(predict_from_c(golden("classify").c_str(), "w5 w6", answer, sizeof answer), 0u) << attune_last_error();
  EXPECT_EQ(answer, predicted(open("classify"), {"w5 w6"}));
}

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
