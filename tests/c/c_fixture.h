// What tests of the C interface share: tiny models, answers as C++ values, refusals.
#pragma once
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "attune/base/files.h"
#include "attune/c/attune.h"

// from_c.c
extern "C" {
attune_status train_from_c(const char* options, int stop_at, int* events, int* questions, char** result);
size_t predict_from_c(const char* folder, const char* text, char* answer, size_t room);
}

namespace attune::test {

namespace fs = std::filesystem;
using nlohmann::json;

inline const fs::path kGoldenClassifier = fs::path(ATTUNE_TEST_DATA) / "models/golden/sequence_classification";

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
    fs::copy_file(kGoldenClassifier / "model.safetensors", folder / "model.safetensors");
    json config = json::parse(attune::read_file(kGoldenClassifier / "config.json"));
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

inline std::vector<attune_text> as_c(const std::vector<std::string>& texts) {
  std::vector<attune_text> views;
  for (const auto& text : texts) views.push_back({text.data(), text.size()});
  return views;
}

inline std::string predicted(attune_model* model, const std::vector<std::string>& texts,
                             const char* options = nullptr) {
  const auto views = as_c(texts);
  char* lines = nullptr;
  EXPECT_EQ(attune_predict(model, views.data(), nullptr, views.size(), options, &lines), ATTUNE_OK)
      << attune_last_error();
  const std::string copy = lines ? lines : "";
  attune_free(lines);
  return copy;
}

inline std::vector<json> parsed(const std::string& lines) {
  std::vector<json> all;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    all.push_back(json::parse(lines.substr(at, end - at)));
    at = end + 1;
  }
  return all;
}

// That the last call failed as `status`, and what its message holds.
inline void expect_failure(attune_status came, attune_status status, const std::vector<std::string>& words) {
  EXPECT_EQ(came, status) << attune_status_name(came) << ": " << attune_last_error();
  for (const auto& word : words)
    EXPECT_NE(std::string(attune_last_error()).find(word), std::string::npos) << word << " in: " << attune_last_error();
}

}  // namespace attune::test
