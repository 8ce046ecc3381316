#include <cmath>

#include "bench.h"

namespace attune::kernels::bench {
namespace {

// arguments: sequences, length, bf16 or not, heads; 12 heads of 32 (MiniLM) or of 64 (bert-base).
void run_attention(benchmark::State& state, bool backward) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const int64_t sequences = state.range(0), length = state.range(1), width = state.range(3), heads = 12;
  const int64_t rows = sequences * length, hidden = heads * width;
  std::vector<int32_t> offsets;
  for (int64_t b = 0; b <= sequences; ++b) offsets.push_back(static_cast<int32_t>(b * length));
  const auto keys = row_keys(rows);
  const Attention forward{.qkv = memory.random(Shape{rows, 3 * hidden}, element(state)),
                          .offsets = offsets.data(),
                          .sequences = sequences,
                          .heads = heads,
                          .scale = 1 / std::sqrt(static_cast<double>(width)),
                          .dropout = {0.1f, 1, keys.data()},
                          .out = memory.random(Shape{rows, hidden}, element(state)),
                          .log_sum = memory.random(Shape{rows, heads}, DType::f32)};
  const AttentionBackward whole{.forward = forward,
                                .d_out = memory.random(Shape{rows, hidden}, element(state)),
                                .d_qkv = memory.random(Shape{rows, 3 * hidden}, element(state))};
  const double product = 2.0 * static_cast<double>(rows * length * hidden);
  kernels->attention(forward);
  measure(state, 0, product * (backward ? 5 : 2), [&] {
    if (backward)
      kernels->attention_backward(whole);
    else
      kernels->attention(forward);
  });
}
void attention(benchmark::State& state) {
  run_attention(state, false);
}
void attention_backward(benchmark::State& state) {
  run_attention(state, true);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int64_t width : {32, 64})
    for (const int64_t bf16 : {0, 1}) {
      benchmark->Args({16, 25, bf16, width});
      benchmark->Args({16, 128, bf16, width});
    }
}
ATTUNE_BENCHMARK(attention)->Apply(sizes);
ATTUNE_BENCHMARK(attention_backward)->Apply(sizes);

}  // namespace
}  // namespace attune::kernels::bench
