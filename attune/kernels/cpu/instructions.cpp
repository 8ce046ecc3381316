#include "attune/kernels/cpu/instructions.h"

#include <cstdint>
#include <cstdlib>
#include <hwy/highway.h>
#include <hwy/targets.h>
#include <mutex>
#include <string_view>

#include "attune/base/error.h"
#include "attune/kernels/cpu/matmul_products.h"

namespace attune::kernels::cpu {
namespace {

// Of Highway's targets the better one is the lower bit.
constexpr int64_t better_than(int64_t target) {
  return target - 1;
}

void hold_to_environment() {
  const char* const told = std::getenv("ATTUNE_MAX_ISA");
  const std::string_view limit = told ? told : "";
  if (limit.empty()) return;
#if HWY_ARCH_X86
  if (limit == "avx512") {
    limit_onednn(OneDnnLimit::avx512_without_bf16);
    return hwy::DisableTargets(better_than(HWY_AVX3));
  }
  if (limit == "avx2") {
    limit_onednn(OneDnnLimit::avx2);
    return hwy::DisableTargets(better_than(HWY_AVX2));
  }
  if (limit == "baseline") {
    limit_onednn(OneDnnLimit::sse41);
    return hwy::DisableTargets(better_than(HWY_STATIC_TARGET));
  }
#endif
  fail(ErrorKind::usage, "ATTUNE_MAX_ISA is '{}' in the environment; expected avx512, avx2 or baseline, or unset it",
       limit);
}

}  // namespace

void limit_instructions() {
  static std::once_flag once;
  std::call_once(once, hold_to_environment);
}

}  // namespace attune::kernels::cpu
