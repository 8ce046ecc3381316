// How fast this machine is just now: one matrix product that never changes, as bench/beside.py wants it before each
// round.
//
//   calibrate [threads]      prints {"ms": X, "gflops": {"f32": Y, "bf16": Z}}
//
// 1,024 x 1,024 x 1,024 with packed weights, in f32 and in bf16 (where the processor multiplies it fast); the best of
// ten runs each is the peak, their median time, added, is `ms`.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/core.h>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "attune/kernels/kernels.h"

#include "skeleton.h"

namespace {

using namespace attune;
using Clock = std::chrono::steady_clock;

struct Speed {
  double ms, gflops;
};

Speed measure(tensor::DType type) {
  constexpr int kRuns = 10, kWarm = 2;
  constexpr int64_t kSize = 1024;
  bench::PackedProduct product(kSize, type);
  std::vector<double> times;
  for (int i = 0; i < kRuns + kWarm; ++i) {
    const auto start = Clock::now();
    product.run();
    if (i >= kWarm) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return {times[kRuns / 2], 2.0 * kSize * kSize * kSize * 1e-6 / times.front()};
}

}  // namespace

int main(int count, char** arguments) {
#ifdef _OPENMP
  const int threads = count > 1 ? std::atoi(arguments[1]) : 2;
  if (threads < 1 || count > 2) {
    fmt::print(stderr, "usage: calibrate [threads]\n");
    return 2;
  }
  omp_set_num_threads(threads);
#else
  static_cast<void>(count), static_cast<void>(arguments);
#endif
  const Speed f32 = measure(tensor::DType::f32);
  if (!kernels::cpu::has_fast_bf16()) {
    fmt::print("{{\"ms\": {:.4f}, \"gflops\": {{\"f32\": {:.1f}}}}}\n", f32.ms, f32.gflops);
    return 0;
  }
  const Speed bf16 = measure(tensor::DType::bf16);
  fmt::print("{{\"ms\": {:.4f}, \"gflops\": {{\"f32\": {:.1f}, \"bf16\": {:.1f}}}}}\n", f32.ms + bf16.ms, f32.gflops,
             bf16.gflops);
}
