#include "attune/train/step_profiler.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace attune::train {
namespace {

using nlohmann::json;

// A device whose kernels take no time to speak of.
class Idle final : public kernels::Kernels {
 public:
  const char* device() const override { return "idle"; }
  int threads() const override { return 1; }
  void matmul(const kernels::Matmul&) override {}
  void fill(const kernels::Fill&) override {}
};

struct Work {
  int64_t fills = 1, tokens = 10;
  bool skipped = false;
};

class Profiler : public testing::Test {
 protected:
  // A step of one forward product [4, 5] x [5, 3] and some fills of 8 numbers.
  void step(const Work& work = {}) {
    profiler_.begin_step(number_++);
    profiler_.batches_ready();
    profiler_.kernels().matmul({.a = a_.view({4, 5}, tensor::DType::f32),
                                .b = b_.view({3, 5}, tensor::DType::f32),
                                .c = c_.view({4, 3}, tensor::DType::f32),
                                .transpose_b = true});
    for (int64_t i = 0; i < work.fills; ++i) profiler_.kernels().fill({.y = c_.view({8}, tensor::DType::f32)});
    profiler_.end_step(work.tokens, work.skipped);
  }
  void warm_up() {
    for (int64_t i = 0; i < StepProfiler::kWarmUp; ++i) step();
  }

  Idle device_;
  StepProfiler profiler_{device_, true};
  tensor::Buffer a_{80}, b_{60}, c_{48};
  int64_t number_ = 0;
};

TEST_F(Profiler, CountsStepsAfterTheWarmUpOnly) {
  step({.fills = 100, .tokens = 1000});
  step(), step();
  EXPECT_EQ(profiler_.profile().steps, 0);
  EXPECT_EQ(profiler_.trace(), "[]\n");
  step({.fills = 2, .tokens = 7});
  profiler_.kernels().fill({});  // an evaluation between two steps
  step({.fills = 3, .tokens = 8});
  const report::Profile profile = profiler_.profile();
  EXPECT_EQ(profile.steps, 2);
  EXPECT_EQ(profile.warm_up, 3);
  EXPECT_EQ(profile.tokens, 15);
  ASSERT_EQ(profile.rows.size(), 2u);
  const auto& product = profile.rows[profile.rows[0].kernel == "matmul" ? 0 : 1];
  const auto& fill = profile.rows[profile.rows[0].kernel == "matmul" ? 1 : 0];
  EXPECT_EQ(product.role, "forward");
  EXPECT_EQ(product.calls, 2);
  EXPECT_EQ(product.flops, 2 * 2 * 4 * 3 * 5);
  EXPECT_EQ(fill.calls, 5);
  EXPECT_EQ(fill.bytes, 5 * 32);
  EXPECT_GE(profile.rows[0].seconds, profile.rows[1].seconds);
  EXPECT_GE(report::seconds_between_kernels(profile), 0);
}

TEST_F(Profiler, AStepThatLearnsNothingIsLeftOut) {
  warm_up();
  step({.tokens = 5, .skipped = true});
  EXPECT_EQ(profiler_.profile().steps, 0);
  EXPECT_TRUE(profiler_.profile().rows.empty());
  EXPECT_EQ(profiler_.traced_steps(), 0);
}

TEST_F(Profiler, TheTraceIsNestedAndInOrder) {
  warm_up();
  step(), step();
  const json events = json::parse(profiler_.trace());
  ASSERT_EQ(events.size(), 2u * 4);
  for (const json& event : events) EXPECT_EQ(event["ph"], "X");
  EXPECT_EQ(events[0]["name"], "step 4");
  EXPECT_EQ(events[0]["ts"], 0.0);
  EXPECT_EQ(events[0]["args"]["tokens"], 10);
  EXPECT_EQ(events[1]["name"], "preparing batches");
  EXPECT_EQ(events[2]["name"], "matmul, forward");
  EXPECT_EQ(events[2]["args"], json::parse(R"({"m":4,"n":3,"k":5,"gflop":1.2e-7})"));
  EXPECT_EQ(events[3]["name"], "fill");
  EXPECT_EQ(events[3]["args"], json::parse(R"({"N":1,"C":8,"mb":3.2e-5})"));
  EXPECT_EQ(events[4]["name"], "step 5");
  const auto begin = [&](size_t i) { return events[i]["ts"].get<double>(); };
  const auto end = [&](size_t i) { return begin(i) + events[i]["dur"].get<double>(); };
  for (const size_t first : {0, 4})
    for (size_t i = first + 1; i < first + 4; ++i) {
      EXPECT_GE(begin(i), begin(first));
      EXPECT_LE(end(i), end(first) + 0.002) << "beyond what rounding does";
      if (i > first + 1) {
        EXPECT_GE(begin(i) + 0.002, end(i - 1));
      }
    }
}

TEST_F(Profiler, TheTraceIsBounded) {
  warm_up();
  for (int64_t i = 0; i < StepProfiler::kTracedSteps + 5; ++i) step();
  EXPECT_EQ(profiler_.traced_steps(), StepProfiler::kTracedSteps);
  EXPECT_EQ(profiler_.profile().steps, StepProfiler::kTracedSteps + 5);
}

TEST_F(Profiler, TheTraceIsBoundedByCallsToo) {
  warm_up();
  for (int i = 0; i < 4; ++i) step({.fills = static_cast<int64_t>(StepProfiler::kTracedCalls / 3)});
  EXPECT_EQ(profiler_.traced_steps(), 2) << "whole steps only, and none after the one that found no room";
  EXPECT_EQ(profiler_.profile().steps, 4);
}

TEST_F(Profiler, WithoutATraceNothingIsKept) {
  StepProfiler plain(device_, false);
  for (int64_t i = 0; i < 5; ++i) {
    plain.begin_step(i);
    plain.batches_ready();
    plain.kernels().fill({});
    plain.end_step(1, false);
  }
  EXPECT_EQ(plain.profile().steps, 2);
  EXPECT_EQ(plain.traced_steps(), 0);
}

}  // namespace
}  // namespace attune::train
