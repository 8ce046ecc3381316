#include "attune/ops/vocabulary_cross_entropy.h"

#include "attune/ops/item_losses.h"
#include "attune/ops/linear.h"

#include "gradient_check.h"

namespace attune::ops {
namespace {

constexpr int64_t kRows = 48, kWords = 5, kWidth = 3;

// Every fifth row ignored.
std::vector<int32_t> words(int64_t rows, int64_t vocabulary) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < rows; ++i) targets.push_back(i % 5 == 4 ? -100 : static_cast<int32_t>(i * 7 % vocabulary));
  return targets;
}

// Rows at once in f64.
VocabularyOptions chunks_of(int64_t rows, int64_t vocabulary) {
  return {.chunk_bytes = rows * vocabulary * 8};
}

class VocabularyCrossEntropy : public test::GradientCheck {};

TEST_F(VocabularyCrossEntropy, Gradients) {
  const std::vector<int32_t> targets = words(kRows, kWords);
  check({normal({kRows, kWidth}, 1, 2), normal({kWords, kWidth}, 2), normal({kWords}, 3)},
        [&](Context& run, const Inputs& in) {
          return std::vector{vocabulary_cross_entropy(run, in[0], in[1], in[2], targets.data(), chunks_of(16, kWords))};
        });
}

// The table is that of the words: two ops write its gradient.
TEST_F(VocabularyCrossEntropy, TiedTable) {
  const std::vector<int32_t> targets = words(16, kWords);
  check({normal({16, kWidth}, 1), normal({kWords, kWidth}, 2)}, [&](Context& run, const Inputs& in) {
    const Tensor once = vocabulary_cross_entropy(run, in[0], in[1], {}, targets.data());
    return std::vector{once, linear(run, in[0], in[1], {})};
  });
}

TEST_F(VocabularyCrossEntropy, EveryRowIgnored) {
  const std::vector<int32_t> targets(16, -100);
  const Tensor x = tape_.variable(normal({16, kWidth}, 1));
  Context run = context(&tape_);
  const Tensor items = vocabulary_cross_entropy(run, x, normal({kWords, kWidth}, 2), {}, targets.data());
  const Tensor seed = arena_.tensor(items.shape, DType::f64);
  std::fill_n(seed.as<double>(), 16, 1.0);
  tape_.seed(items, seed);
  tape_.backward();
  for (int64_t i = 0; i < 16; ++i) EXPECT_EQ(items.as<double>()[i], 0);
  for (int64_t i = 0; i < 16 * kWidth; ++i) EXPECT_EQ(tape_.gradient(x).as<double>()[i], 0);
}

// On the CPU's kernels, f32 and bf16: what the two ops give one after the other, in a part of the memory.
class VocabularyOnCpu : public testing::TestWithParam<DType> {
 protected:
  static constexpr int64_t kN = 256, kV = 2003, kC = 64;
  struct Result {
    std::vector<float> items, dx, dw, db;
    size_t peak;
  };
  template <class Op>
  Result run(const Op& op) {
    tensor::Arena arena;
    const auto kernels = kernels::cpu::make_kernels(2);
    autograd::Tape tape(arena, *kernels);
    Context context{.kernels = *kernels, .arena = arena, .tape = &tape, .compute = GetParam(), .training = true};
    const auto drawn = [&](Shape shape, uint64_t key) {
      const Tensor made = arena.tensor(shape, DType::f32);
      for (int64_t i = 0; i < made.count(); ++i)
        made.as<float>()[i] = static_cast<float>(0.5 * random_normal(mix64(key), static_cast<uint32_t>(i)));
      return tape.variable(made);
    };
    const Tensor x = drawn({kN, kC}, 1), w = drawn({kV, kC}, 2), b = drawn({kV}, 3);
    const std::vector<int32_t> targets = words(kN, kV);
    const size_t before = arena.peak();
    const Tensor items = op(context, x, w, b, targets.data());
    const Tensor seed = arena.tensor(items.shape, DType::f32);
    for (int64_t i = 0; i < kN; ++i) seed.as<float>()[i] = 1.0F / static_cast<float>(1 + i % 3);
    tape.seed(items, seed);
    tape.backward();
    const auto read = [](const Tensor& t) { return std::vector<float>(t.as<float>(), t.as<float>() + t.count()); };
    return {read(items), read(tape.gradient(x)), read(tape.gradient(w)), read(tape.gradient(b)),
            arena.peak() - before + tape.scratch_peak()};
  }
  using Shape = tensor::Shape;
};

double furthest(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]))),
    size = std::max(size, std::abs(static_cast<double>(b[i])));
  return most / size;
}

TEST_P(VocabularyOnCpu, EqualsLayerAndLossInLessMemory) {
  const Result parts = run([](Context& context, const Tensor& x, const Tensor& w, const Tensor& b, const int32_t* y) {
    return vocabulary_cross_entropy(context, x, w, b, y, {.chunk_bytes = 32 * kV * 4});
  });
  const Result whole = run([](Context& context, const Tensor& x, const Tensor& w, const Tensor& b, const int32_t* y) {
    return softmax_cross_entropy(context, linear(context, x, w, b, DType::f32), y, {});
  });
  EXPECT_EQ(parts.items, whole.items);
  EXPECT_EQ(parts.dx, whole.dx);
  EXPECT_LT(furthest(parts.dw, whole.dw), 1e-5);
  EXPECT_LT(furthest(parts.db, whole.db), 1e-5);
  // Gradients of x, w and b take what they take; logits are 1/8 here, and never whole.
  const size_t logits = kN * kV * 4, gradients = (kV * kC + kN * kC + kV) * 4;
  EXPECT_GT(whole.peak, 2 * logits);
  EXPECT_LT(parts.peak, gradients + logits / 2);
}

INSTANTIATE_TEST_SUITE_P(Precisions, VocabularyOnCpu, testing::Values(DType::f32, DType::bf16));

}  // namespace
}  // namespace attune::ops
