// What the kernels' benchmarks share: memory filled with random numbers, and how a run is reported.
// ATTUNE_BENCH_THREADS sets the number of threads (2).
#pragma once
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <vector>

#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/tensor/memory.h"

namespace attune::kernels::bench {

using tensor::BFloat16;
using tensor::DType;
using tensor::Shape;

inline int threads() {
  const char* asked = std::getenv("ATTUNE_BENCH_THREADS");
  return asked ? std::max(1, std::atoi(asked)) : 2;
}

// Tensors that live as long as the benchmark; numbers about 0, size about 1.
class Memory {
 public:
  Tensor random(Shape shape, DType dtype) {
    const Tensor made = arena_.tensor(shape, dtype);
    for (int64_t i = 0; i < made.count(); ++i) {
      const float value = 4 * random_unit(1, static_cast<uint32_t>(i)) - 2;
      if (dtype == DType::bf16)
        made.as<BFloat16>()[i] = BFloat16(value);
      else
        made.as<float>()[i] = value;
    }
    return made;
  }

 private:
  tensor::Arena arena_;
};

inline std::vector<uint64_t> row_keys(int64_t rows) {
  std::vector<uint64_t> keys;
  for (int64_t r = 0; r < rows; ++r) keys.push_back(mix64(static_cast<uint64_t>(r)));
  return keys;
}

// Runs the kernel over and over; `bytes` and `flops` are what one call must move and compute.
template <class Call>
void measure(benchmark::State& state, double bytes, double flops, const Call& call) {
  call();
  for (auto _ : state) call();
  using benchmark::Counter;
  if (bytes > 0) state.counters["GB/s"] = Counter(bytes * 1e-9, Counter::kIsIterationInvariantRate);
  if (flops > 0) state.counters["GFLOP/s"] = Counter(flops * 1e-9, Counter::kIsIterationInvariantRate);
}

inline double bytes_of(std::initializer_list<Tensor> tensors) {
  double bytes = 0;
  for (const Tensor& tensor : tensors) bytes += static_cast<double>(tensor.bytes());
  return bytes;
}

// argument 0: rows, 1: columns, 2: bf16 or not
inline DType element(const benchmark::State& state) {
  return state.range(2) ? DType::bf16 : DType::f32;
}
inline Shape matrix(const benchmark::State& state) {
  return Shape{state.range(0), state.range(1)};
}

}  // namespace attune::kernels::bench

#define ATTUNE_BENCHMARK(name) BENCHMARK(name)->UseRealTime()->Unit(benchmark::kMicrosecond)
