#include <gtest/gtest.h>

#include "attune/study/study_space.h"

#include "tests/base/temp_folder.h"
#include "tests/study/sample_plan.h"

namespace attune::study {
namespace {

TEST(StudySpace, SpacesAndValuesAreToldApart) {
  EXPECT_TRUE(is_space("lr", "1e-5..5e-4:log"));
  EXPECT_TRUE(is_space("batch-size", "8|16|32"));
  EXPECT_TRUE(is_space("loss", "cross_entropy | focal(gamma=0.5..3)"));
  EXPECT_TRUE(is_space("loss", "focal(gamma=0.5..3)"));
  EXPECT_TRUE(is_space("adapter", "none|lora(r=4|8|16)"));
  EXPECT_FALSE(is_space("lr", "1e-5"));
  EXPECT_FALSE(is_space("adapter", "lora(r=8, targets=query|value)")) << "a list of targets";
  EXPECT_FALSE(is_space("loss", "'focal(gamma=0..2)'")) << "a gamma that changes over the training";
  EXPECT_FALSE(is_space("train", "../data/a|b.csv")) << "files are not searched";
  EXPECT_FALSE(is_space("seed", "1..5"));
  EXPECT_TRUE(is_space("lr", "5e-4..5e-5")) << "wrong, but meant as one: what is wrong is told later";
}

TEST(StudySpace, TheRateIsAMultipleOfWhatItWouldBe) {
  const attune::test::TempFolder narrow;  // whose width is the adapter's to know
  for (const char* file : {"config.json", "model.safetensors"})
    std::filesystem::copy(std::filesystem::path(ATTUNE_TEST_DATA "/models/golden/sequence_classification") / file,
                          narrow.path());
  narrow.put("vocab.txt", "[PAD]\n");
  StudyOptions options;
  options.train.lr = 5e-5, options.train.model = narrow.path().string();
  const tune::Space space = tune::parse_space({{"lr-times", "0.2..10:log"}, {"adapter", "none|lora(r=4|8|16)"}});
  tune::Point point{{{"lr-times", 2.0}, {"adapter", std::string("none")}}};
  EXPECT_EQ(options_at(options, space, &point).lr, 1e-4);
  EXPECT_EQ(options_at(options, space, &point).adapter, "");
  point.values = {{"lr-times", 2.0}, {"adapter", std::string("lora(r=?)")}, {"adapter.lora.r", 8.0}};
  const train::TrainOptions lora = options_at(options, space, &point);
  EXPECT_EQ(lora.adapter, "lora(r=8)");
  EXPECT_EQ(lora.lr, 4e-3) << "twice the method's own, which is 2e-3 over a narrow encoder";
  EXPECT_EQ(options_at(options, space, nullptr).lr, 5e-5);
  options.train.lr = 2e-4, options.train.lr_is_given = true;
  EXPECT_EQ(options_at(options, space, nullptr).lr, 2e-4);
}

TEST(StudySpace, WhatDiffersIsSaid) {
  StudyPlan plan = test::sample_plan();
  EXPECT_EQ(changes_text(plan.space, tune::Point{{{"lr", 2e-4}}}), "lr 0.0002");
  EXPECT_EQ(changes_text(plan.space, tune::Point{{{"lr", 5e-5}}}), "");
}

TEST(StudySpace, ARunIsWholeAndItsNameSaysWhatItIs) {
  const StudyPlan plan = test::sample_plan();
  Assignment a{
      .purpose = Purpose::search, .trial = 7, .stage = 1, .share = 1.0 / 3, .point = tune::Point{{{"lr", 2e-4}}}};
  EXPECT_EQ(run_name(a), "trial-007-rung-1");
  const train::TrainOptions search = options_of(plan, a);
  EXPECT_EQ(search.epochs, 1);
  EXPECT_EQ(search.lr, 2e-4);
  EXPECT_EQ(search.parts, "study/parts/search.txt");
  EXPECT_EQ(search.project, "study");
  EXPECT_FALSE(search.save_model);
  EXPECT_TRUE(search.predictions);
  a.purpose = Purpose::verdict, a.share = 1;
  const train::TrainOptions verdict = options_of(plan, a);
  EXPECT_EQ(verdict.parts, "study/parts/verdict.txt");
  EXPECT_NE(verdict.seed, search.seed);
  a.stage = 2;
  EXPECT_NE(options_of(plan, a).seed, verdict.seed);
}

TEST(StudySpace, TimesAndSizes) {
  EXPECT_EQ(parse_milliseconds("5ms", "--max-latency"), 5);
  EXPECT_EQ(parse_milliseconds("0.2s", "--max-latency"), 200);
  EXPECT_EQ(parse_bytes("30MB", "--max-size"), 30e6);
  for (const char* wrong : {"5", "ms", "-1ms", "0ms", "5 ms", "5mb"})
    EXPECT_ANY_THROW(parse_milliseconds(wrong, "--max-latency")) << wrong;
}

}  // namespace
}  // namespace attune::study
