// A tiny model's folder and texts to train it on: what tests that go through whole folders share.
#pragma once
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/data/dataset.h"

namespace attune::test {

using nlohmann::json;

inline const fs::path kGoldenModels = fs::path(ATTUNE_TEST_DATA) / "models/golden";
inline const std::vector<std::string> kGrades{"0", "1", "2", "3"};

// A golden model with a vocabulary of words w0, w1, ... beside it.
inline void make_model(const fs::path& folder, const char* golden) {
  fs::create_directories(folder);
  json config = json::parse(read_file(kGoldenModels / golden / "config.json"));
  config.erase("id2label"), config.erase("label2id");
  write_file_atomically(folder / "config.json", config.dump());
  fs::copy_file(kGoldenModels / "sequence_classification/model.safetensors", folder / "model.safetensors");
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (int i = 0; i < 95; ++i) vocabulary += "w" + std::to_string(i) + "\n";
  write_file_atomically(folder / "vocab.txt", vocabulary);
}

// A text's grade is the number of its words above w40.
inline data::Dataset graded_texts() {
  data::Dataset rows;
  for (int32_t i = 0; i < 120; ++i) {
    const int32_t grade = i % 4;
    data::Example row;
    for (int32_t w = 0; w < 5; ++w) {
      const uint32_t draw = random_below(mix64(static_cast<uint64_t>(i)), static_cast<uint32_t>(w), 40);
      row.text += fmt::format("w{} ", w < grade ? 41 + draw : draw);
    }
    row.labels = {kGrades[static_cast<size_t>(grade)]};
    rows.examples.push_back(std::move(row));
  }
  return rows;
}

// The rows of a set, to be changed.
inline std::vector<data::Example> copied(const data::Dataset& set) {
  std::vector<data::Example> rows;
  for (const data::Example& row : set.examples) rows.push_back(row);
  return rows;
}

}  // namespace attune::test
