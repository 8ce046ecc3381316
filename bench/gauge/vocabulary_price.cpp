// The last layer over a vocabulary and its loss as one op beside the two ops one after the other: seconds of a forward
// and backward pass, and the memory of the pass (the table's gradient apart).
//
//   vocabulary_price [rows] [words] [width]      2,048 rows, 30,522 words, width 384; bf16 products, two threads
//
// Turns of the two are interleaved; printed is the median of seven each.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fmt/core.h>
#include <vector>

#include "attune/ops/item_losses.h"
#include "attune/ops/linear.h"
#include "attune/ops/vocabulary_cross_entropy.h"

namespace {

using namespace attune;
using Clock = std::chrono::steady_clock;
using tensor::DType;
using tensor::Tensor;

constexpr int kTurns = 7;

std::vector<float> numbers(int64_t count, int step, float scale) {
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = (static_cast<float>(i * static_cast<size_t>(step) % 101) - 50) * scale;
  return values;
}

struct Way {
  const char* name;
  bool in_chunks;
  std::vector<double> seconds = {};
  size_t bytes = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](int at, int64_t usual) { return argc > at ? std::atoll(argv[at]) : usual; };
  const int64_t rows = given(1, 2048), words = given(2, 30522), width = given(3, 384);
  std::vector<float> x = numbers(rows * width, 37, 0.01F), table = numbers(words * width, 53, 0.002F);
  std::vector<float> table_gradient(table.size());
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < rows; ++i) targets.push_back(static_cast<int32_t>(i * 13 % words));
  const auto kernels = kernels::cpu::make_kernels(2);
  std::array ways{Way{"layer, then loss", false}, Way{"one op, in chunks", true}};
  for (int turn = 0; turn < kTurns; ++turn)
    for (Way& way : ways) {
      tensor::Arena arena;
      autograd::Tape tape(arena, *kernels);
      autograd::LeafState state;
      autograd::Context context{.kernels = *kernels, .arena = arena, .tape = &tape, .compute = DType::bf16};
      const auto begin = Clock::now();
      const Tensor in = tape.variable({.data = x.data(), .shape = {rows, width}});
      const Tensor weight = tape.leaf({.data = table.data(), .shape = {words, width}},
                                      {.data = table_gradient.data(), .shape = {words, width}}, &state);
      const Tensor items = way.in_chunks
                               ? ops::vocabulary_cross_entropy(context, in, weight, {}, targets.data())
                               : ops::softmax_cross_entropy(context, ops::linear(context, in, weight, {}, DType::f32),
                                                            targets.data(), {});
      const Tensor seed = arena.tensor({rows}, DType::f32);
      std::fill_n(seed.as<float>(), rows, 1.0F);
      tape.seed(items, seed);
      tape.backward();
      way.seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
      way.bytes = arena.peak() + tape.scratch_peak();
    }
  for (Way& way : ways) {
    std::sort(way.seconds.begin(), way.seconds.end());
    fmt::print("{:<18}  {:.3f} s  {:.0f} MB\n", way.name, way.seconds[kTurns / 2],
               static_cast<double>(way.bytes) / 1e6);
  }
}
