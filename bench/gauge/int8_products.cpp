// Products of bytes at the sizes of MiniLM's and bert-base's layers: our tiles, with row scale, column scale, bias and
// rounding in one go, beside oneDNN's u8 x s8 matmul (weights packed as it likes, scales by column and bias; it knows
// no scales by row), the same with one pass over its result (a conversion to bf16: less than row scales and zero points
// take), and our products of bf16. In turns, so that an unquiet machine is unquiet for all.
//
//   int8_products [ROUNDS [THREADS]]    prints a table of 10^9 operations a second: the fastest call of ROUNDS
//                                       (15), which others at work on the machine disturb least
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <fmt/format.h>
#include <functional>
#include <omp.h>
#include <unordered_map>
#include <vector>

#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/kernels/packed_weight.h"
#include "attune/tensor/memory.h"

namespace attune::kernels {
namespace {

using dnnl::memory;
using tensor::DType;
using tensor::Shape;

struct Sizes {
  int64_t rows, in, out;
};

Tensor random_matrix(tensor::Arena& arena, Shape shape, uint64_t key) {
  const Tensor made = arena.tensor(shape, DType::f32);
  for (int64_t i = 0; i < made.count(); ++i)
    made.as<float>()[i] = static_cast<float>(random_normal(key, static_cast<uint32_t>(i)));
  return made;
}

// Our product, to bf16 or to bytes with GELU.
struct Ours {
  Ours(tensor::Arena& arena, Kernels& kernels, const Sizes& s) {
    const Tensor x = random_matrix(arena, {s.rows, s.in}, 1), w = random_matrix(arena, {s.out, s.in}, 2);
    const auto bytes = [&](int64_t cols) {
      auto* const block = static_cast<uint8_t*>(arena.allocate(QuantizedRows::bytes_of(s.rows, cols)));
      return QuantizedRows::in_block(block, s.rows, cols);
    };
    const size_t weight_bytes = QuantizedWeight::bytes_of(s.out, s.in);
    void* const block = arena.allocate(weight_bytes);
    std::fill_n(static_cast<char*>(block), weight_bytes, char{0});
    product.b = QuantizedWeight::in_block(block, s.out, s.in);
    quantize_weight_rows(w, 0, product.b);
    product.a = bytes(s.in);
    kernels.quantize_rows({.x = x, .rows = product.a});
    product.m = s.rows, product.k = s.in, product.n = s.out;
    product.bias = random_matrix(arena, {s.out}, 3);
    product.c = arena.tensor({s.rows, s.out}, DType::bf16);
    to_bytes = product;
    to_bytes.c = {}, to_bytes.gelu = true, to_bytes.rows = bytes(s.out);
  }
  QuantizedMatmul product, to_bytes;
};

struct OursBf16 {
  OursBf16(tensor::Arena& arena, const Sizes& s) {
    const Tensor x = random_matrix(arena, {s.rows, s.in}, 1);
    Tensor w = random_matrix(arena, {s.out, s.in}, 2);
    product.a = arena.tensor(x.shape, DType::bf16);
    for (int64_t i = 0; i < x.count(); ++i) product.a.as<tensor::BFloat16>()[i] = tensor::BFloat16(x.as<float>()[i]);
    packed.forward = arena.tensor(w.shape, DType::bf16).as<tensor::BFloat16>();
    known = cpu::packs_weight(w.shape);
    if (known) cpu::pack_weight(w, packed);
    w.packed = &packed;
    product.b = w;
    product.c = arena.tensor({s.rows, s.out}, DType::bf16);
    product.bias = random_matrix(arena, {s.out}, 3);
    product.transpose_b = true;
  }
  Matmul product;
  tensor::PackedWeight packed;
  bool known = false;
};

// oneDNN's, from bytes to f32.
class OneDnn {
 public:
  OneDnn(const Sizes& s, int threads)
      : rows_(s.rows), outputs_(s.out), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    omp_set_num_threads(threads);
    using Type = memory::data_type;
    using Tag = memory::format_tag;
    const memory::desc a({s.rows, s.in}, Type::u8, Tag::ab), b({s.in, s.out}, Type::s8, Tag::any);
    const memory::desc bias({1, s.out}, Type::f32, Tag::ab), c({s.rows, s.out}, Type::f32, Tag::ab);
    dnnl::primitive_attr attr;
#if DNNL_VERSION_MAJOR >= 3
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, 1 << 1);
    const dnnl::matmul::primitive_desc pd(engine_, a, b, bias, c, attr);
    const memory scales({{s.out}, Type::f32, Tag::a}, engine_);
    std::fill_n(static_cast<float*>(scales.get_data_handle()), s.out, 0.01f);
    arguments_[DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS] = scales;
#else
    attr.set_output_scales(1 << 1, std::vector<float>(static_cast<size_t>(s.out), 0.01f));
    const dnnl::matmul::primitive_desc pd({a, b, bias, c}, attr, engine_);
#endif
    implementation = pd.impl_info_str();
    matmul_ = dnnl::matmul(pd);
    const memory plain({{s.in, s.out}, Type::s8, Tag::ab}, engine_);
    for (int64_t i = 0; i < s.in * s.out; ++i)
      static_cast<int8_t*>(plain.get_data_handle())[i] = static_cast<int8_t>(i % 251 - 125);
    const memory weights(pd.weights_desc(), engine_), x(a, engine_), shift(bias, engine_), y(c, engine_);
    memory from = plain, to = weights;
    dnnl::reorder(from, to).execute(stream_, from, to);
    for (int64_t i = 0; i < s.rows * s.in; ++i)
      static_cast<uint8_t*>(x.get_data_handle())[i] = static_cast<uint8_t>(i % 253);
    std::fill_n(static_cast<float*>(shift.get_data_handle()), s.out, 0.5f);
    arguments_[DNNL_ARG_SRC] = x, arguments_[DNNL_ARG_WEIGHTS] = weights;
    arguments_[DNNL_ARG_BIAS] = shift, arguments_[DNNL_ARG_DST] = y;
  }
  void run() {
    matmul_.execute(stream_, arguments_);
    stream_.wait();
  }
  // What it wrote.
  Tensor result() {
    return {.data = arguments_[DNNL_ARG_DST].get_data_handle(), .shape = {rows_, outputs_}, .dtype = DType::f32};
  }
  std::string implementation;

 private:
  int64_t rows_, outputs_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul matmul_;
  std::unordered_map<int, memory> arguments_;
};

// Seconds of the fastest of as many calls as fill a millisecond or two, once warm: others are at work on the machine.
double seconds_of(const std::function<void()>& call, double operations) {
  using Clock = std::chrono::steady_clock;
  const int calls = std::clamp(static_cast<int>(1e9 / operations), 3, 200);
  call();
  double least = 1e9;
  for (int i = 0; i < calls; ++i) {
    const auto begin = Clock::now();
    call();
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return least;
}

void measure(const Sizes& s, int threads, int rounds) {
  const auto kernels = cpu::make_kernels(threads);
  tensor::Arena arena;
  const Ours ours(arena, *kernels, s);
  const OursBf16 bf16(arena, s);
  OneDnn onednn(s, threads);
  const auto once = [&] { omp_set_num_threads(threads), onednn.run(); };
  const std::vector<std::function<void()>> calls{
      [&] { kernels->quantized_matmul(ours.product); }, [&] { kernels->quantized_matmul(ours.to_bytes); }, once,
      [&] { once(), kernels->convert({.x = onednn.result(), .y = ours.product.c}); },
      [&] {
        if (bf16.known) kernels->matmul(bf16.product);
      }};
  const double operations = 2.0 * static_cast<double>(s.rows * s.in * s.out);
  std::vector<double> seconds(calls.size(), 1e9);
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < calls.size(); ++i) seconds[i] = std::min(seconds[i], seconds_of(calls[i], operations));
  fmt::print("| {} x {} | {} | {} |", s.in, s.out, s.rows, threads);
  for (size_t i = 0; i < calls.size(); ++i)
    fmt::print(" {} |", i == 4 && !bf16.known ? "" : fmt::format("{:.0f}", operations / seconds[i] * 1e-9));
  fmt::print(" {:.2f}, {:.2f} | {} |\n", seconds[2] / seconds[0], seconds[3] / seconds[0], onednn.implementation);
  std::fflush(stdout);
}

}  // namespace
}  // namespace attune::kernels

int main(int argc, char** argv) {
  using attune::kernels::Sizes;
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  fmt::print("int8 on {}, GOP/s\n\n", attune::kernels::cpu::int8_instructions());
  fmt::print(
      "| inputs x outputs | rows | threads | int8 to bf16 | int8, GELU, to bytes | oneDNN int8 to f32 | and a pass to "
      "bf16 | "
      "bf16 | times oneDNN, with the pass | its kernel |\n|---|---|---|---|---|---|---|---|---|---|\n");
  const int only = argc > 2 ? std::atoi(argv[2]) : 0;
  for (const int threads : {1, 2})
    for (const int64_t hidden : {384, 768})
      for (const auto& [in, out] : {std::pair{1, 1}, {1, 3}, {1, 4}, {4, 1}})
        for (const int64_t rows : {25, 100, 373, 1024})
          if (only == 0 || only == threads)
            attune::kernels::measure({rows, in * hidden, out * hidden}, threads, rounds);
  return 0;
}
