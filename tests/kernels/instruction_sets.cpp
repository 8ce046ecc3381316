// ATTUNE_MAX_ISA in the environment runs this program's tests as a lesser processor would
// (tests/kernels/CMakeLists.txt).
#include <cstdlib>
#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>
#include <string>
#include <string_view>

#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/int8_tile.h"
#include "attune/kernels/cpu/matmul.h"
#include "attune/kernels/cpu/matmul_products.h"
#include "attune/kernels/cpu/matmul_tiles.h"

namespace attune::kernels::test {
namespace {

// Some tests call a kernel without making a device first.
class InstructionSets : public ::testing::Environment {
 public:
  void SetUp() override { cpu::limit_instructions(); }
};

const auto* const kRegistered = ::testing::AddGlobalTestEnvironment(new InstructionSets);

TEST(Instructions, Bf16IsPreferredWhereItIsTheFasterOne) {
  EXPECT_EQ(cpu::prefers_bf16(), cpu::has_fast_bf16() && (cpu::may_use_tiles() || !cpu::is_intel()));
}

TEST(Instructions, NoneBeyondTheLimit) {
  const char* const told = std::getenv("ATTUNE_MAX_ISA");
  const std::string_view limit = told ? told : "";
  if (limit.empty() || limit == "amx") GTEST_SKIP() << "there is no limit";
  EXPECT_FALSE(cpu::tiles_bf16());
  EXPECT_EQ(cpu::int8_path().instructions, std::string(cpu::vnni_path() ? "avx512_vnni" : "portable"));
  if (limit == "avx512_bf16") return;
  EXPECT_FALSE(cpu::has_fast_bf16());
  EXPECT_FALSE(cpu::prefers_bf16());
  if (limit != "avx512") {
    EXPECT_FALSE(cpu::onednn_has_avx512());
  }
#if HWY_ARCH_X86
  const int64_t best = limit == "avx512" ? HWY_AVX3 : limit == "avx2" ? HWY_AVX2 : HWY_STATIC_TARGET;
  EXPECT_EQ(hwy::SupportedTargets() & (best - 1), 0);
#endif
}

}  // namespace
}  // namespace attune::kernels::test
