#include "bench.h"

namespace attune::kernels::bench {
namespace {

// arguments: rows, inputs, outputs, bf16 or not. The three products of a linear layer.
enum class Product { forward, data_gradient, weight_gradient };

void run_product(benchmark::State& state, Product product) {
  const auto kernels = cpu::make_kernels(threads());
  Memory memory;
  const int64_t rows = state.range(0), in = state.range(1), out = state.range(2);
  const DType dtype = state.range(3) ? DType::bf16 : DType::f32;
  const Tensor x = memory.random(Shape{rows, in}, dtype), w = memory.random(Shape{out, in}, dtype);
  const Tensor y = memory.random(Shape{rows, out}, dtype), dw = memory.random(Shape{out, in}, DType::f32);
  measure(state, 0, 2.0 * static_cast<double>(rows * in * out), [&] {
    switch (product) {
      case Product::forward:
        return kernels->matmul({.a = x, .b = w, .c = y, .transpose_b = true});
      case Product::data_gradient:
        return kernels->matmul({.a = y, .b = w, .c = x});
      case Product::weight_gradient:
        return kernels->matmul({.a = y, .b = x, .c = dw, .transpose_a = true});
    }
  });
}
void linear(benchmark::State& state) {
  run_product(state, Product::forward);
}
void linear_data_gradient(benchmark::State& state) {
  run_product(state, Product::data_gradient);
}
void linear_weight_gradient(benchmark::State& state) {
  run_product(state, Product::weight_gradient);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int64_t bf16 : {0, 1})
    for (const int64_t rows : {25, 100, 400, 1024})
      for (const int64_t hidden : {384, 768}) {
        benchmark->Args({rows, hidden, hidden, bf16});
        benchmark->Args({rows, hidden, 4 * hidden, bf16});
        benchmark->Args({rows, 4 * hidden, hidden, bf16});
      }
}
ATTUNE_BENCHMARK(linear)->Apply(sizes);
ATTUNE_BENCHMARK(linear_data_gradient)->Apply(sizes);
ATTUNE_BENCHMARK(linear_weight_gradient)->Apply(sizes);

}  // namespace
}  // namespace attune::kernels::bench
