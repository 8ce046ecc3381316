// The CPU's kernels exist once for each instruction set and normally the best is chosen. With
// ATTUNE_TEST_INSTRUCTIONS=avx2 or =baseline in the environment this program tests a lesser one, as a processor without
// the better would run it.
#include <cstdlib>
#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>
#include <string_view>

namespace attune::kernels::test {
namespace {

class InstructionSets : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* wanted = std::getenv("ATTUNE_TEST_INSTRUCTIONS");
    if (!wanted) return;
    const bool avx2 = std::string_view(wanted) == "avx2";
    ASSERT_TRUE(avx2 || std::string_view(wanted) == "baseline") << "ATTUNE_TEST_INSTRUCTIONS is avx2 or baseline";
    const int64_t usable = hwy::SupportedTargets();
    const int64_t baseline = usable & ~int64_t{HWY_AVX3_DL | HWY_AVX3 | HWY_AVX2 | HWY_SSE4 | HWY_SSSE3};
    hwy::SetSupportedTargetsForTest(avx2 ? baseline | (usable & HWY_AVX2) : baseline);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

const auto* const kRegistered = ::testing::AddGlobalTestEnvironment(new InstructionSets);

}  // namespace
}  // namespace attune::kernels::test
