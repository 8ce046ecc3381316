#include <cmath>
#include <thread>

#include "attune/tasks/model_bundle.h"
#include "attune/train/predictor.h"

#include "c_fixture.h"

namespace attune::test {
namespace {

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

}  // namespace
}  // namespace attune::test
