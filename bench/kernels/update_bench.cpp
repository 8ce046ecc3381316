#include "bench.h"

namespace attune::kernels::bench {
namespace {

// 23 million parameters (MiniLM) and 110 million (bert-base), with the bf16 copy or without.
void adam(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Shape shape{state.range(0)};
  const Tensor low = state.range(1) ? memory.random(shape, DType::bf16) : Tensor{};
  const AdamUpdate update{.w = memory.random(shape, DType::f32),
                          .g = memory.random(shape, DType::f32),
                          .m = memory.random(shape, DType::f32),
                          .v = memory.random(shape, DType::f32),
                          .low = low,
                          .rate = 1e-5,
                          .decay = 0.01};
  kernels->fill({.y = update.v, .value = 1});
  const double bytes = 2 * bytes_of({update.w, update.m, update.v}) + bytes_of({update.g, low});
  measure(state, bytes, 0, [&] { kernels->adam_update(update); });
}
ATTUNE_BENCHMARK(adam)->Args({23'000'000, 0})->Args({23'000'000, 1})->Args({110'000'000, 1});

void sum_squares(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Tensor x = memory.random(Shape{state.range(0)}, DType::f32);
  const Tensor sum = memory.random(Shape{1}, DType::f64);
  measure(state, bytes_of({x}), 0, [&] { kernels->sum_squares({.x = x, .out = sum}); });
}
ATTUNE_BENCHMARK(sum_squares)->Args({590'000})->Args({23'000'000});

}  // namespace
}  // namespace attune::kernels::bench
