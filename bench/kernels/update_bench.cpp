#include "attune/kernels/packed_weight.h"

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

// A weight [out, in] whose packed forms are written in the same pass.
void adam_packed(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Shape shape{state.range(0), state.range(1)};
  if (!cpu::packs_weight(shape)) return state.SkipWithError("no packed weights here");
  AdamUpdate update{.w = memory.random(shape, DType::f32),
                    .g = memory.random(shape, DType::f32),
                    .m = memory.random(shape, DType::f32),
                    .v = memory.random(shape, DType::f32),
                    .rate = 1e-5};
  const Tensor forward = memory.random(shape, DType::bf16), backward = memory.random(shape, DType::bf16);
  const tensor::PackedWeight forms{forward.as<tensor::BFloat16>(), backward.as<tensor::BFloat16>()};
  update.w.packed = &forms;
  const double bytes = 2 * bytes_of({update.w, update.m, update.v}) + bytes_of({update.g, forward, backward});
  measure(state, bytes, 0, [&] { kernels->adam_update(update); });
}
ATTUNE_BENCHMARK(adam_packed)->Args({60'032, 384})->Args({30'016, 768})->Args({7'552, 3072});

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
