#include "bench.h"

namespace attune::kernels::bench {
namespace {

void layer_norm(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Shape shape = matrix(state), vector{state.range(1)}, column{state.range(0)};
  const auto keys = row_keys(state.range(0));
  const Tensor twin = memory.random(shape, DType::bf16);
  const LayerNorm norm{.x = memory.random(shape, element(state)),
                       .residual = memory.random(shape, DType::f32),
                       .dropout = {0.1f, 1, keys.data()},
                       .gamma = memory.random(vector, DType::f32),
                       .beta = memory.random(vector, DType::f32),
                       .z = memory.random(shape, DType::f32),
                       .y = memory.random(shape, DType::f32),
                       .twin = element(state) == DType::bf16 ? twin : Tensor{},
                       .mean = memory.random(column, DType::f32),
                       .rstd = memory.random(column, DType::f32)};
  measure(state, bytes_of({norm.x, norm.residual, norm.z, norm.y}), 0, [&] { kernels->layer_norm(norm); });
}
ATTUNE_BENCHMARK(layer_norm)->Args({400, 768, 0})->Args({400, 768, 1})->Args({400, 384, 1});

void layer_norm_backward(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Shape shape = matrix(state), vector{state.range(1)}, column{state.range(0)};
  const auto keys = row_keys(state.range(0));
  const LayerNormBackward norm{.dy = memory.random(shape, DType::f32),
                               .z = memory.random(shape, DType::f32),
                               .mean = memory.random(column, DType::f32),
                               .rstd = memory.random(column, DType::f32),
                               .gamma = memory.random(vector, DType::f32),
                               .dropout = {0.1f, 1, keys.data()},
                               .dx = memory.random(shape, element(state)),
                               .d_residual = memory.random(shape, DType::f32),
                               .d_gamma = memory.random(vector, DType::f32),
                               .d_beta = memory.random(vector, DType::f32)};
  measure(state, bytes_of({norm.dy, norm.z, norm.dx, norm.d_residual}), 0, [&] { kernels->layer_norm_backward(norm); });
}
ATTUNE_BENCHMARK(layer_norm_backward)->Args({400, 768, 0})->Args({400, 768, 1})->Args({400, 384, 1});

void column_sum(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const Tensor x = memory.random(matrix(state), element(state)), out = memory.random(Shape{state.range(1)}, DType::f32);
  measure(state, bytes_of({x}), 0, [&] { kernels->column_sum({.x = x, .out = out}); });
}
ATTUNE_BENCHMARK(column_sum)->Args({400, 768, 1})->Args({400, 3072, 0})->Args({400, 3072, 1});

void run_embedding(benchmark::State& state, bool backward) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const int64_t rows = state.range(0), cols = state.range(1);
  std::vector<int32_t> words, places, segments(static_cast<size_t>(rows), 0);
  for (int64_t r = 0; r < rows; ++r) {
    words.push_back(static_cast<int32_t>(random_below(1, static_cast<uint32_t>(r), 30522)));
    places.push_back(static_cast<int32_t>(r % 25));
  }
  const EmbeddingSum sum{
      .tables = 3,
      .table = {memory.random(Shape{30522, cols}, DType::f32), memory.random(Shape{512, cols}, DType::f32),
                memory.random(Shape{2, cols}, DType::f32)},
      .index = {words.data(), places.data(), segments.data()},
      .y = memory.random(matrix(state), DType::f32),
      .rows = rows};
  measure(state, 0, 0, [&] { backward ? kernels->embedding_sum_backward(sum) : kernels->embedding_sum(sum); });
}
void embedding(benchmark::State& state) {
  run_embedding(state, false);
}
void embedding_backward(benchmark::State& state) {
  run_embedding(state, true);
}
ATTUNE_BENCHMARK(embedding)->Args({400, 384})->Args({400, 768});
ATTUNE_BENCHMARK(embedding_backward)->Args({400, 384})->Args({400, 768});

void softmax_cross_entropy(benchmark::State& state) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const std::vector<int32_t> targets(static_cast<size_t>(state.range(0)), 0);
  const SoftmaxCrossEntropy loss{{.logits = memory.random(matrix(state), DType::f32),
                                  .items = memory.random(Shape{state.range(0)}, DType::f32),
                                  .d_logits = memory.random(matrix(state), DType::f32)},
                                 targets.data()};
  measure(state, 0, 0, [&] {
    kernels->softmax_cross_entropy(loss);
    kernels->softmax_cross_entropy_backward(loss);
  });
}
ATTUNE_BENCHMARK(softmax_cross_entropy)->Args({16, 2})->Args({32, 77})->Args({400, 9})->Args({64, 30522});

}  // namespace
}  // namespace attune::kernels::bench
