// Several heads over one encoder: which encoders are one, and that their answers are those of each model by itself.
#include "attune/train/packed_pass.h"

#include <gtest/gtest.h>
#include <map>

#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/io/model_folder.h"
#include "attune/tasks/folder_weights.h"
#include "attune/train/predictor.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/train/tiny_model.h"

namespace attune::train {
namespace {

using tensor::DType;

class SharedEncoder : public testing::Test {
 protected:
  SharedEncoder() {
    test::make_model(folder_ / "model", "sequence_classification");
    make_head("grades", {.model = (folder_ / "model").string(),
                         .task = &tasks::task_named("classify"),
                         .data_labels = {"bad", "fair", "good"},
                         .encode = {}});
    make_head("means", {.model = (folder_ / "model").string(),
                        .task = &tasks::task_named("classify"),
                        .data_labels = {"no", "yes"},
                        .pooling = models::Pooling::mean,
                        .encode = {}});
    make_head("score", {.model = (folder_ / "model").string(),
                        .task = &tasks::task_named("regress"),
                        .data_labels = {},
                        .encode = {}});
    make_head("names", {.model = (folder_ / "model").string(),
                        .task = &tasks::task_named("tag"),
                        .data_labels = {"B-A", "I-A", "O"},
                        .encode = {}});
    make_head(
        "vectors",
        {.model = (folder_ / "model").string(), .task = &tasks::task_named("embed"), .data_labels = {}, .encode = {}});
    for (const auto& [name, adapter] : {std::pair{"lora", "lora(r=2)"},
                                        {"dora", "lora(r=2, dora=true)"},
                                        {"ia3", "ia3(targets=key|value, feedforward=)"}})
      make_head(name, {.model = (folder_ / "model").string(),
                       .task = &tasks::task_named("classify"),
                       .data_labels = {"bad", "fair", "good"},
                       .adapter = adapter,
                       .encode = {}});
  }

  // A new head over the model's encoder, in a folder of its own.
  void make_head(const std::string& name, tasks::TrainingModelOptions options) {
    options.new_head = true, options.seed = std::size(heads_) + 1;
    tasks::ModelBundle bundle = tasks::open_for_training(options);
    for (const auto& p : bundle.model->parameters().all())  // adapters that do something
      for (int64_t i = 0; p->options.adapter && i < p->shape.count(); ++i)
        p->value.as<float>()[i] +=
            static_cast<float>(0.3 * random_normal(mix64(options.seed), static_cast<uint32_t>(i)));
    fs::create_directories(folder_ / name);
    tasks::save_bundle(bundle, folder_ / name, test::json::object());
    heads_.push_back(name);
  }

  std::string encoder_hash(const std::string& name) const { return tasks::encoder_hash_at(folder_ / name); }

  // Each row for the head after the last one's, of lengths from 1 on; for the tagger's every tenth has no word.
  std::vector<data::Example> rows() const {
    std::vector<data::Example> rows(60);
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t words = i % 10 == 3 ? 0 : 1 + (7 * i) % 23;
      for (size_t w = 0; w < words; ++w) {
        const std::string word = "w" + std::to_string((11 * i + 5 * w) % 95);
        const auto begin = static_cast<int32_t>(rows[i].text.size());
        rows[i].text += word + " ", rows[i].words.push_back(word);
        rows[i].word_spans.push_back({begin, begin + static_cast<int32_t>(word.size())});
        rows[i].labels.push_back("O");
      }
    }
    return rows;
  }

  const test::TempFolder folder_;
  std::vector<std::string> heads_;
};

TEST_F(SharedEncoder, IsKnownByItsWeightsAlone) {
  const std::string hash = encoder_hash("model");
  EXPECT_EQ(hash.size(), 64U);
  for (const std::string& head : heads_) EXPECT_EQ(encoder_hash(head), hash) << head << ": another file, prefix, head";
  // One bit of one weight of the encoder, then of the head.
  const fs::path file = folder_ / "score" / "model.safetensors";
  const std::string before = read_file(file);
  for (const char* name : {"bert.encoder.layer.1.output.dense.weight", "classifier.weight"}) {
    const io::ModelFolder folder = io::ModelFolder::open(folder_ / "score");
    const auto values = folder.find(name)->bytes;
    std::string bytes = before;
    bytes[bytes.find(std::string_view(reinterpret_cast<const char*>(values.data()), values.size()))] ^= 1;
    write_file_atomically(file, bytes);
    EXPECT_EQ(encoder_hash("score") == hash, std::string(name) == "classifier.weight") << name;
  }
  // Another epsilon, the same weights.
  test::json config = test::json::parse(read_file(folder_ / "names" / "config.json"));
  config["layer_norm_eps"] = 1e-3;
  write_file_atomically(folder_ / "names" / "config.json", config.dump());
  EXPECT_NE(encoder_hash("names"), hash);
}

TEST_F(SharedEncoder, AnswersAreThoseOfEachModelAloneToTheBit) {
  for (const nn::Precision& precision :
       {nn::Precision(DType::f32), nn::Precision(DType::bf16), nn::Precision(DType::f32, true),
        nn::Precision(DType::bf16, true), nn::Precision(DType::bf16, true, {1})}) {
    SCOPED_TRACE(fmt::format("{} {}", precision.name(), precision.wide.size()));
    const std::vector<data::Example> rows = this->rows();
    const auto kernels = kernels::cpu::make_kernels(2);
    std::vector<tasks::ModelBundle> lone, shared;
    for (const std::string& head : heads_) {
      const std::string folder = (folder_ / head).string();
      lone.push_back(tasks::open_for_inference(folder, precision));
      shared.push_back(tasks::open_for_inference(
          folder, {.precision = precision, .encoder = shared.empty() ? nullptr : shared.front().model}));
      EXPECT_TRUE(shared.back().model->shares_encoder_with(*shared.front().model));
      EXPECT_FALSE(shared.back().model->shares_encoder_with(*lone.back().model));
    }
    std::vector<data::EncodedSet> sets(heads_.size());
    std::vector<RowLogits> together(rows.size());
    std::vector<std::vector<data::Example>> own(heads_.size());
    std::vector<PassItem> items;
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t head = i % heads_.size();
      data::Encoder encoder(*shared[head].tokenizer, shared[head].task->data, shared[head].encode);
      encoder.append(rows[i], sets[head]);
      own[head].push_back(rows[i]);
    }
    std::vector<int64_t> next(heads_.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t head = i % heads_.size();
      items.push_back({&shared[head], &sets[head], next[head]++, &together[i]});
    }
    PackedPass(*kernels).run(items, /*with_features=*/true);
    for (size_t head = 0; head < heads_.size(); ++head) {
      Predictor predictor(lone[head], *kernels, 1);
      predictor.want_features();
      const std::vector<RowLogits> alone = predictor.logits(own[head]);
      for (size_t i = 0; i < alone.size(); ++i) {
        EXPECT_EQ(together[head + i * heads_.size()].logits, alone[i].logits) << heads_[head] << " row " << i;
        EXPECT_EQ(together[head + i * heads_.size()].features, alone[i].features) << heads_[head] << " row " << i;
      }
    }
    // Without the heads that want every row's state, the last layer makes those that are read alone: the same bits.
    std::vector<PassItem> few;
    std::vector<RowLogits> again(rows.size());
    for (size_t i = 0; i < rows.size(); ++i)
      if (heads_[i % heads_.size()] != "means") few.push_back(items[i]), few.back().row = &again[i];
    PackedPass(*kernels).run(few);
    for (size_t i = 0; i < rows.size(); ++i)
      if (heads_[i % heads_.size()] != "means") {
        EXPECT_EQ(again[i].logits, together[i].logits) << i;
      }
  }
}

TEST_F(SharedEncoder, OutlivesTheModelThatLentItAndIsNotSaved) {
  const auto kernels = kernels::cpu::make_kernels(1);
  auto first = tasks::open_for_inference((folder_ / "grades").string(), DType::f32);
  auto second =
      tasks::open_for_inference((folder_ / "means").string(), {.precision = DType::f32, .encoder = first.model});
  const auto third =
      tasks::open_for_inference((folder_ / "score").string(), {.precision = DType::f32, .encoder = second.model});
  first.model.reset(), second.model.reset();
  data::Example row;
  row.text = "w1 w2 w3";
  const auto lone = tasks::open_for_inference((folder_ / "score").string(), DType::f32);
  EXPECT_EQ(Predictor(third, *kernels).logits({&row, 1})[0].logits,
            Predictor(lone, *kernels).logits({&row, 1})[0].logits);
  EXPECT_LT(third.model->parameters().count(), lone.model->parameters().count() / 2) << "its head alone";
  EXPECT_EQ(third.loaded.skipped, lone.loaded.skipped) << "what another model lends is not a tensor without use";
  EXPECT_ERROR(ErrorKind::internal, models::named_tensors(*third.model, ""), "over another's encoder is not saved");
  EXPECT_ERROR(
      ErrorKind::internal,
      tasks::open_for_inference((folder_ / "score").string(), {.precision = DType::bf16, .encoder = third.model}),
      "an encoder in f32 lent to a model in bf16");
}

// DoRA's lengths are those of the weights that the base is held in.
TEST_F(SharedEncoder, DoraOverBytesAnswersAsOverTheWeights) {
  const auto kernels = kernels::cpu::make_kernels(1);
  const std::vector<data::Example> rows = this->rows();
  const auto answers = [&](const nn::Precision& precision) {
    const auto model = tasks::open_for_inference((folder_ / "dora").string(), precision);
    return Predictor(model, *kernels).logits(rows);
  };
  const auto plain = answers(DType::f32), bytes = answers(nn::Precision(DType::f32, true));
  double most = 0, size = 0;
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t k = 0; k < plain[i].logits.size(); ++k) {
      most = std::max(most, std::abs(static_cast<double>(plain[i].logits[k] - bytes[i].logits[k])));
      size = std::max(size, std::abs(static_cast<double>(plain[i].logits[k])));
    }
  EXPECT_GT(most, 0);
  EXPECT_LT(most, 0.05 * size);
}

// In int8 a feed-forward product without an adapter hands on bytes alone, one with an adapter does not.
TEST_F(SharedEncoder, WhatRunsInOnePass) {
  make_head("deep", {.model = (folder_ / "model").string(),
                     .task = &tasks::task_named("classify"),
                     .data_labels = {"no", "yes"},
                     .adapter = "lora(targets=output.dense)",
                     .encode = {}});
  make_head("prompt", {.model = (folder_ / "model").string(),
                       .task = &tasks::task_named("classify"),
                       .data_labels = {"no", "yes"},
                       .adapter = "prompt(length=2)",
                       .encode = {}});
  for (const bool int8 : {false, true}) {
    const nn::Precision precision(DType::f32, int8);
    const auto first = tasks::open_for_inference((folder_ / "grades").string(), precision);
    const auto open = [&](const char* name) {
      return tasks::open_for_inference((folder_ / name).string(), {.precision = precision, .encoder = first.model});
    };
    EXPECT_TRUE(open("lora").model->shares_pass_with(*first.model));
    EXPECT_EQ(open("deep").model->shares_pass_with(*first.model), !int8);
    const auto prompt = open("prompt");
    EXPECT_FALSE(prompt.model->shares_pass_with(*first.model));
    EXPECT_TRUE(prompt.model->shares_pass_with(*prompt.model));
    EXPECT_TRUE(open("dora").model->shares_pass_with(*first.model));
  }
}

TEST_F(SharedEncoder, ModelsOfDifferentEncodersDoNotShareAPass) {
  const auto kernels = kernels::cpu::make_kernels(1);
  const auto one = tasks::open_for_inference((folder_ / "grades").string(), DType::f32);
  const auto other = tasks::open_for_inference((folder_ / "means").string(), DType::f32);
  data::EncodedSet set;
  data::Example row;
  row.text = "w1";
  data::Encoder(*one.tokenizer, one.task->data, one.encode).append(row, set);
  RowLogits answer;
  EXPECT_ERROR(ErrorKind::internal,
               PackedPass(*kernels).run(std::vector<PassItem>{{&one, &set, 0, &answer}, {&other, &set, 0, &answer}}),
               "cannot share it");
}

}  // namespace
}  // namespace attune::train
