#include "attune/kernels/cpu/instructions.h"

#include <cstdint>
#include <cstdlib>
#include <hwy/highway.h>
#include <hwy/targets.h>
#include <mutex>
#include <string_view>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "attune/base/error.h"
#include "attune/kernels/cpu/matmul_products.h"

namespace attune::kernels::cpu {
namespace {

// Of Highway's targets the better one is the lower bit.
constexpr int64_t better_than(int64_t target) {
  return target - 1;
}

std::string_view limit_in_environment() {
  const char* const told = std::getenv("ATTUNE_MAX_ISA");
  return told ? told : "";
}

bool leaves_tiles(std::string_view limit) {
  return limit.empty() || limit == "amx";
}

bool has_tiles() {
#if defined(__x86_64__)
  constexpr unsigned kNeeded = 1U << 22 | 1U << 24 | 1U << 25;  // AMX-BF16, AMX-TILE, AMX-INT8
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kNeeded) == kNeeded;
#else
  return false;
#endif
}

// Linux keeps a thread's tiles for a process that asked it to (Documentation/arch/x86/xstate.rst).
bool ask_for_tiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr int kAskForState = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kAskForState, kTileData) == 0;
#else
  return false;
#endif
}

void require_onednn(OneDnnLimit limit) {
  if (!limit_onednn(limit))
    fail(
        ErrorKind::usage,
        "ATTUNE_MAX_ISA cannot be kept: oneDNN was used before in this process, or was built without such a limit; set "
        "ONEDNN_MAX_CPU_ISA and DNNL_MAX_CPU_ISA to the same instructions instead");
}

void hold_to_environment() {
  const std::string_view limit = limit_in_environment();
  if (leaves_tiles(limit) || limit == "avx512_bf16") {
    // (Where oneDNN no longer listens it is not asked for products of bf16: matmul.cpp.)
    if (has_tiles()) limit_onednn(OneDnnLimit::avx512_with_bf16);
    return;
  }
#if HWY_ARCH_X86
  if (limit == "avx512") {
    require_onednn(OneDnnLimit::avx512_without_bf16);
    return hwy::DisableTargets(better_than(HWY_AVX3));
  }
  if (limit == "avx2") {
    require_onednn(OneDnnLimit::avx2);
    return hwy::DisableTargets(better_than(HWY_AVX2));
  }
  if (limit == "baseline") {
    require_onednn(OneDnnLimit::sse41);
    return hwy::DisableTargets(better_than(HWY_STATIC_TARGET));
  }
#endif
  fail(ErrorKind::usage,
       "ATTUNE_MAX_ISA is '{}' in the environment; expected amx, avx512_bf16, avx512, avx2 or baseline, or unset it",
       limit);
}

}  // namespace

void limit_instructions() {
  static std::once_flag once;
  std::call_once(once, hold_to_environment);
}

bool may_use_tiles() {
  static const bool known = leaves_tiles(limit_in_environment()) && has_tiles() && ask_for_tiles();
  return known;
}

bool is_intel() {
#if defined(__x86_64__)
  return __builtin_cpu_is("intel");
#else
  return false;
#endif
}

}  // namespace attune::kernels::cpu
