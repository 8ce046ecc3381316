#include "bench.h"

namespace attune::kernels::bench {
namespace {

void run_activation(benchmark::State& state, ActivationKind kind, bool backward) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Tensor x = memory.random(matrix(state), element(state)), y = memory.random(matrix(state), element(state));
  const Tensor dx = memory.random(matrix(state), element(state));
  measure(state, backward ? bytes_of({x, y, dx}) : bytes_of({x, y}), 0, [&] {
    if (backward)
      kernels->activation_backward({.kind = kind, .x = x, .dy = y, .dx = dx});
    else
      kernels->activation({.kind = kind, .x = x, .y = y});
  });
}

void gelu(benchmark::State& state) {
  run_activation(state, ActivationKind::gelu, false);
}
void gelu_backward(benchmark::State& state) {
  run_activation(state, ActivationKind::gelu, true);
}
void relu(benchmark::State& state) {
  run_activation(state, ActivationKind::relu, false);
}  // memory's own pace
ATTUNE_BENCHMARK(gelu)->Args({400, 3072, 0})->Args({400, 3072, 1})->Args({400, 1536, 1});
ATTUNE_BENCHMARK(gelu_backward)->Args({400, 3072, 0})->Args({400, 3072, 1})->Args({400, 1536, 1});
ATTUNE_BENCHMARK(relu)->Args({400, 3072, 0})->Args({400, 3072, 1});

void dropout(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const auto keys = row_keys(state.range(0));
  const Tensor x = memory.random(matrix(state), element(state)), y = memory.random(matrix(state), element(state));
  measure(state, bytes_of({x, y}), 0, [&] { kernels->dropout({.x = x, .y = y, .keys = {0.1f, 1, keys.data()}}); });
}
ATTUNE_BENCHMARK(dropout)->Args({400, 768, 0})->Args({400, 768, 1});

void convert(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Tensor x = memory.random(matrix(state), DType::f32), y = memory.random(matrix(state), DType::bf16);
  measure(state, bytes_of({x, y}), 0, [&] { kernels->convert({.x = x, .y = y}); });
}
ATTUNE_BENCHMARK(convert)->Args({400, 768, 0})->Args({8192, 3072, 0});

}  // namespace
}  // namespace attune::kernels::bench
