// An int8 model beside the same one in f32, on the tiny random BERTs of tests/models/golden.
#include "golden_bert.h"
#include "tests/base/expect_error.h"

namespace attune {
namespace {

using nlohmann::json;
using tensor::DType;
using test::kAllRows;
using test::Variant;

class Int8 : public ::testing::TestWithParam<std::tuple<Variant, DType>>, protected test::GoldenBert {
 protected:
  Int8() : GoldenBert(std::get<0>(GetParam()), DType::f32) {
    const json config = json::parse(read_file(test::kGolden / variant_.folder / "config.json"));
    config_ = models::BertConfig::from_json(config, "golden");
    bytes_ = with_wide({});
  }

  // The model in bytes but for these depths.
  std::unique_ptr<models::Model> with_wide(std::vector<int> wide) {
    auto model =
        std::make_unique<models::Model>(config_, models::HeadOptions{.kind = variant_.head, .outputs = outputs_},
                                        nn::Precision(std::get<1>(GetParam()), /*bytes=*/true, std::move(wide)));
    models::load_weights(*model, test::GoldenWeights(encoder_, tensors_), {});
    return model;
  }

  std::vector<float> logits(const models::Model& model, kernels::Kernels& kernels, const tasks::Batch& batch,
                            models::Model::Hidden hidden = models::Model::Hidden::read_rows) {
    arena_.reset();
    autograd::Context context{.kernels = kernels, .arena = arena_, .compute = model.compute()};
    const tensor::Tensor z = model.forward(context, batch.rows, batch.head(), hidden).logits;
    return {z.as<float>(), z.as<float>() + batch.read_count * z.cols()};
  }
  tasks::Batch rows(const std::vector<int>& which) const { return batch(which, variant_.losses.front()); }

  models::BertConfig config_;
  std::unique_ptr<models::Model> bytes_;
};

// How far bytes move a logit of these models, whose hidden states have 32 numbers: those of real models have more, over
// which errors cancel. The bound is on the root of the mean square over that of the logits themselves.
TEST_P(Int8, LogitsAreNearThoseOfF32) {
  const std::vector<float> want = logits(*model_, *kernels_, rows(kAllRows));
  const std::vector<float> got = logits(*bytes_, *kernels_, rows(kAllRows));
  ASSERT_EQ(got.size(), want.size());
  const std::vector<double> wide(got.begin(), got.end());
  EXPECT_GT(distance(wide, want), 0);  // they are not the same products
  EXPECT_LE(distance(wide, want), 0.06 * norm({want.begin(), want.end()}));
}

TEST_P(Int8, SameBitsAloneAndForAnyThreads) {
  const std::vector<float> together = logits(*bytes_, *kernels_, rows(kAllRows));
  for (const int threads : {1, 3}) {
    const auto kernels = kernels::cpu::make_kernels(threads);
    EXPECT_EQ(together, logits(*bytes_, *kernels, rows(kAllRows)));
    EXPECT_EQ(together, logits(*bytes_, *kernels, rows(kAllRows), models::Model::Hidden::all_rows));
    std::vector<float> one_by_one;
    for (const int row : kAllRows)
      for (const float z : logits(*bytes_, *kernels, rows({row}))) one_by_one.push_back(z);
    EXPECT_EQ(together, one_by_one);
  }
}

TEST_P(Int8, HoldsItsWeightsAsBytesAlone) {
  int bytes = 0;
  for (const auto& p : bytes_->parameters().all()) {
    const bool weight = p->name.starts_with("encoder.") && p->shape.rank() == 2;
    const bool words = p->name == "embeddings.word_embeddings.weight";
    EXPECT_EQ(bytes_->parameters().holds_bytes(*p), weight || words) << p->name;
    EXPECT_EQ(p->value.quantized != nullptr, weight) << p->name;
    EXPECT_EQ(p->value.defined(), !weight) << p->name;
    EXPECT_EQ(p->value.dtype, words ? DType::i8 : DType::f32) << p->name;
    bytes += weight || words;
  }
  EXPECT_EQ(bytes, 4 * bytes_->config().layers + 1);
}

TEST_P(Int8, IsForInference) {
  EXPECT_STREQ(bytes_->precision().name(), "int8");
  EXPECT_EQ(bytes_->compute(), std::get<1>(GetParam()));
  EXPECT_ERROR(ErrorKind::internal, bytes_->parameters().prepare_gradients(), "int8 model cannot be trained");
  EXPECT_ERROR(ErrorKind::internal, models::named_tensors(*bytes_, ""), "no f32 weights that could be saved");
}

// Layers of both kinds take turns, in any order.
TEST_P(Int8, SameBitsAloneWithSomeLayersWide) {
  const int layers = static_cast<int>(config_.layers);
  for (const std::vector<int>& wide : std::vector<std::vector<int>>{{0}, {1}, {layers}, {0, layers}}) {
    const auto mixed = with_wide(wide);
    SCOPED_TRACE(fmt::format("depth {}, {} of them", wide.back(), wide.size()));
    for (const auto& p : mixed->parameters().all())
      if (p->options.int8) {
        const bool is_wide = std::find(wide.begin(), wide.end(), p->options.depth) != wide.end();
        EXPECT_EQ(mixed->parameters().holds_bytes(*p), !is_wide) << p->name;
      }
    const std::vector<float> together = logits(*mixed, *kernels_, rows(kAllRows));
    EXPECT_NE(together, logits(*bytes_, *kernels_, rows(kAllRows)));
    EXPECT_EQ(together, logits(*mixed, *kernels_, rows(kAllRows), models::Model::Hidden::all_rows));
    std::vector<float> one_by_one;
    for (const int row : kAllRows)
      for (const float z : logits(*mixed, *kernels_, rows({row}))) one_by_one.push_back(z);
    EXPECT_EQ(together, one_by_one);
  }
}

// With every depth wide nothing is bytes: the model of that type itself.
TEST_P(Int8, AllWideIsTheOtherPrecision) {
  std::vector<int> all;
  for (int depth = 0; depth <= config_.layers; ++depth) all.push_back(depth);
  models::Model plain(config_, models::HeadOptions{.kind = variant_.head, .outputs = outputs_},
                      std::get<1>(GetParam()));
  models::load_weights(plain, test::GoldenWeights(encoder_, tensors_), {});
  EXPECT_EQ(logits(*with_wide(all), *kernels_, rows(kAllRows)), logits(plain, *kernels_, rows(kAllRows)));
}

// A weight that is no number shows in the answers instead of hiding in a byte.
TEST_P(Int8, WhatIsNoNumberGoesThrough) {
  nn::Parameter* const weight = bytes_->parameters().find("encoder.layer.0.output.dense.weight");
  std::vector<float> row(static_cast<size_t>(weight->shape.cols()), std::nanf(""));
  bytes_->parameters().put_rows(*weight, 3, {.data = row.data(), .shape = {1, weight->shape.cols()}});
  for (const float z : logits(*bytes_, *kernels_, rows({0}))) EXPECT_TRUE(std::isnan(z));
}

INSTANTIATE_TEST_SUITE_P(Variants, Int8,
                         testing::Combine(testing::ValuesIn(test::kVariants), testing::Values(DType::f32, DType::bf16)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).folder) + "_" +
                                  tensor::name(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace attune
