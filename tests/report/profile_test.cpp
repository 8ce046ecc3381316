#include "attune/report/profile.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/report/columns.h"

namespace attune::report {
namespace {

// Two steps of 100 ms: 60 of a product, 20 of a norm, 4 of a kernel whose work is not known, 6 of batches, 10 between.
Profile sample() {
  return {.warm_up = 3,
          .steps = 2,
          .tokens = 1500,
          .seconds = 0.2,
          .batch_seconds = 0.012,
          .rows = {{"matmul", "weight gradient", 6, 0.12, 36e9, 0},
                   {"layer_norm", "", 5, 0.04, 0, 0.2e9},
                   {"mystery", "", 2, 0.008, 0, 0}}};
}

TEST(Profile, Table) {
  EXPECT_EQ(to_text(sample()),
            "Profile  of 2 steps, per step; 3 steps before left out: warming up\n"
            "                           calls       ms   share           rate\n"
            "  matmul, weight gradient    3.0   60.000   60.0%   300 GFLOP/s\n"
            "  layer norm                 2.5   20.000   20.0%   5.0 GB/s\n"
            "  mystery                    1.0    4.000    4.0%\n"
            "\n"
            "  all kernels                6.5   84.000   84.0%\n"
            "  between kernels                  10.000   10.0%\n"
            "  preparing batches                 6.000    6.0%\n"
            "  a step of 750 tokens            100.000  100.0%  7500 tokens/s\n");
}

TEST(Profile, Json) {
  const auto json = to_json(sample());
  EXPECT_EQ(json["steps"], 2);
  EXPECT_EQ(json["warm_up_steps"], 3);
  EXPECT_DOUBLE_EQ(json["ms_per_step"], 100);
  EXPECT_DOUBLE_EQ(json["tokens_per_second"], 7500);
  EXPECT_NEAR(json["between_kernels_ms"], 10, 1e-9);
  EXPECT_DOUBLE_EQ(json["preparing_batches_ms"], 6);
  ASSERT_EQ(json["kernels"].size(), 3u);
  EXPECT_EQ(json["kernels"][0]["role"], "weight gradient");
  EXPECT_DOUBLE_EQ(json["kernels"][0]["gflop_per_second"], 300);
  EXPECT_DOUBLE_EQ(json["kernels"][0]["calls_per_step"], 3);
  EXPECT_DOUBLE_EQ(json["kernels"][1]["gb_per_second"], 5);
  EXPECT_FALSE(json["kernels"][1].contains("role"));
  EXPECT_EQ(json["kernels"][2].dump(), R"({"kernel":"mystery","calls_per_step":1.0,"ms_per_step":4.0,"share":0.04})");
}

TEST(Profile, WithoutSteps) {
  const Profile none{.warm_up = 3, .rows = {}};
  EXPECT_EQ(to_text(none), "Profile  of no step: the first 3 are left out, and steps without a target that counts\n");
  EXPECT_TRUE(to_json(none)["ms_per_step"].is_null());
  EXPECT_TRUE(to_json(none)["tokens_per_second"].is_null());
}

TEST(Profile, StaysWithinTheWidth) {
  Profile wide = sample();
  wide.rows[0].kernel = "a_kernel_whose_name_is_rather_longer_than_any_that_there_is_now_or_will_be_soon";
  wide.rows[0].calls = 123456789;
  const std::string text = to_text(wide);
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    EXPECT_LE(display_width(text.substr(at, end - at)), 100) << text;
    at = end + 1;
  }
}

}  // namespace
}  // namespace attune::report
