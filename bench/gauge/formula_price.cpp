// What a loss formula costs beside the same loss of the list: nanoseconds an item, value and gradient, 77 classes.
//
//   formula_price [classes] [rows]
//
// Rounds of all losses are interleaved; printed is the median of each, and its ratio to the first of its group.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/core.h>
#include <memory>
#include <string>
#include <vector>

#include "attune/base/rng.h"
#include "attune/kernels/kernels.h"
#include "attune/losses/language/make_objective.h"
#include "attune/tensor/packed_rows.h"

namespace {

using namespace attune;
using Clock = std::chrono::steady_clock;
using losses::TargetKind;

constexpr int kRounds = 31;

struct Timed {
  std::string text;
  std::unique_ptr<losses::Loss> loss;
  std::vector<double> ns = {};  // an item, by round
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

losses::Targets targets_of(TargetKind kind, int64_t rows, int64_t k) {
  losses::Targets targets;
  targets.width = k;
  for (int64_t i = 0; i < rows; ++i) {
    if (kind == TargetKind::classes) targets.classes.push_back(static_cast<int32_t>(i % k));
    for (int64_t c = 0; kind == TargetKind::labels && c < k; ++c)
      targets.values.push_back((i + c) % 9 == 0 ? 1.0F : 0.0F);
  }
  return targets;
}

void measure(TargetKind kind, int64_t rows, int64_t k, const std::vector<std::string>& texts) {
  const losses::LossFacts facts{.labels = k, .counts = std::vector<double>(static_cast<size_t>(k), 100), .items = 1e4};
  std::vector<Timed> all;
  for (const std::string& text : texts) all.push_back({text, losses::make_loss(text, kind, facts)});
  const losses::Targets targets = targets_of(kind, rows, k);
  const auto kernels = kernels::cpu::make_kernels(1);
  tensor::Arena arena;
  for (int round = 0; round < kRounds; ++round)
    for (Timed& timed : all) {
      arena.reset();
      autograd::Tape tape(arena, *kernels);
      autograd::Context context{.kernels = *kernels, .arena = arena, .tape = &tape, .training = true};
      tensor::Tensor z = arena.tensor({tensor::rounded_rows(rows), k}, tensor::DType::f32);
      for (int64_t i = 0; i < z.count(); ++i)
        z.as<float>()[i] = static_cast<float>(mix64(static_cast<uint64_t>(i)) >> 40) * 0x1p-22F - 2;
      z = tape.variable(z);
      const auto start = Clock::now();
      const losses::LossTerm term = timed.loss->evaluate(context, {.logits = z, .targets = targets});
      const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
      if (term.denominator > 0) timed.ns.push_back(ns / static_cast<double>(rows));
    }
  for (const Timed& timed : all)
    fmt::print("{:7.0f} ns an item  {:5.2f}x  {}\n", median(timed.ns), median(timed.ns) / median(all[0].ns),
               timed.text);
}

}  // namespace

int main(int count, char** words) {
  const int64_t k = count > 1 ? std::atoll(words[1]) : 77, rows = count > 2 ? std::atoll(words[2]) : 512;
  if (k < 2 || rows < 1) return fmt::print(stderr, "usage: formula_price [classes] [rows]\n"), 2;
  const std::string focal = "formula: -(1-p[y])^g * log(p[y]); g=2";
  measure(TargetKind::classes, rows, k, {"focal(gamma=2)", focal});
  measure(TargetKind::classes, rows, k, {"focal(gamma=2, label_smoothing=0.1)", focal + "; label_smoothing=0.1"});
  measure(TargetKind::classes, rows, k, {"confidence_penalty", "formula: -log(p[y]) + b*sum(p*log(p)); b=0.1"});
  measure(TargetKind::labels, rows, k,
          {"focal_bce", "formula: -sum(a*y*(1-p)^g*log(p) + (1-a)*(1-y)*p^g*log(1-p)); g=2; a=0.25"});
  return 0;
}
