// A loss on given logits, with its gradient, as a training step would run it: what the tests of this room share.
#pragma once
#include <gtest/gtest.h>
#include <memory>
#include <utility>
#include <vector>

#include "attune/losses/loss.h"
#include "attune/tensor/packed_rows.h"

namespace attune::test {

struct Evaluated {
  double sum = 0, denominator = 0;
  std::vector<double> items;     // of the rows that count
  std::vector<double> d_logits;  // d(sum / denominator), [n, K]; zeros where the denominator is 0

  double loss() const { return sum / denominator; }
};

// Elements [first, first + count) in f64.
inline std::vector<double> doubles(const tensor::Tensor& t, int64_t first, int64_t count) {
  std::vector<double> values;
  for (int64_t i = first; i < first + count; ++i)
    values.push_back(t.dtype == tensor::DType::f64 ? t.as<double>()[i] : static_cast<double>(t.as<float>()[i]));
  return values;
}
inline std::vector<double> doubles(const tensor::Tensor& t) {
  return doubles(t, 0, t.count());
}

inline losses::Targets classes(std::vector<int32_t> ids, std::vector<float> weights = {}) {
  losses::Targets targets;
  targets.classes = std::move(ids), targets.weights = std::move(weights);
  return targets;
}
inline losses::Targets values(const std::vector<double>& numbers, int64_t width = 1) {
  losses::Targets targets;
  for (const double y : numbers) targets.values.push_back(static_cast<float>(y));
  targets.width = width;
  return targets;
}

class OnTape {
 public:
  // f64: the plain reference kernels; else the processor's on one thread.
  explicit OnTape(tensor::DType compute = tensor::DType::f64)
      : compute_(compute),
        kernels_(compute == tensor::DType::f64 ? kernels::reference::make_kernels() : kernels::cpu::make_kernels(1)),
        tape_(arena_, *kernels_) {}

  autograd::Context context() {
    return {.kernels = *kernels_, .arena = arena_, .tape = &tape_, .compute = compute_, .training = true};
  }
  kernels::Kernels& kernels() { return *kernels_; }
  autograd::Tape& tape() { return tape_; }
  void clear() {
    arena_.reset(), tape_.clear();
    if (parameters == nullptr) return;
    parameters->begin_step();
    parameters->attach(tape_);
  }
  nn::Parameters* parameters = nullptr;  // become leaves of every recording, if set

  // A matrix of the run's summing type. Rows beyond the given ones hold 7: they belong to nothing and must not matter.
  tensor::Tensor matrix(const std::vector<double>& values, int64_t rows, int64_t columns) {
    const tensor::Tensor made = arena_.tensor({rows, columns}, compute_);
    for (int64_t i = 0; i < made.count(); ++i)
      put(made, i, i < static_cast<int64_t>(values.size()) ? values[static_cast<size_t>(i)] : 7.0);
    return made;
  }
  static void put(const tensor::Tensor& t, int64_t i, double value) {
    if (t.dtype == tensor::DType::f64) {
      t.as<double>()[i] = value;
    } else {
      t.as<float>()[i] = static_cast<float>(value);
    }
  }
  static double get(const tensor::Tensor& t, int64_t i) {
    return t.dtype == tensor::DType::f64 ? t.as<double>()[i] : static_cast<double>(t.as<float>()[i]);
  }

  // logits [n, columns]. Fails the test if a row beyond n received a gradient.
  Evaluated evaluate(const losses::Loss& loss, const std::vector<double>& logits, int64_t columns,
                     const losses::Targets& targets) {
    clear();
    const auto n = static_cast<int64_t>(logits.size()) / columns;
    autograd::Context run = context();
    const tensor::Tensor z = tape_.variable(matrix(logits, tensor::rounded_rows(n), columns));
    const losses::LossTerm term = loss.evaluate(run, {.logits = z, .hidden = {}, .features = z, .targets = targets});
    Evaluated out{.sum = term.sum, .denominator = term.denominator, .items = {}, .d_logits = {}};
    for (int64_t i = 0; i < std::min(n, term.items.count()); ++i) out.items.push_back(get(term.items, i));
    out.d_logits.assign(logits.size(), 0);
    if (term.denominator == 0) return out;
    losses::seed_backward(run, term, 1 / term.denominator);
    tape_.backward();
    const tensor::Tensor dz = tape_.gradient(z);
    if (!dz.defined()) return out;
    for (int64_t i = 0; i < n * columns; ++i) out.d_logits[static_cast<size_t>(i)] = get(dz, i);
    for (int64_t i = n * columns; i < dz.count(); ++i) EXPECT_EQ(get(dz, i), 0) << "padding received a gradient";
    return out;
  }

 private:
  tensor::DType compute_;
  std::unique_ptr<kernels::Kernels> kernels_;
  tensor::Arena arena_;
  autograd::Tape tape_;
};

// Compares d_logits with central differences of the loss (f64).
inline void check_gradient(OnTape& tape, const losses::Loss& loss, std::vector<double> logits, int64_t columns,
                           const losses::Targets& targets, double tolerance = 1e-7) {
  const Evaluated here = tape.evaluate(loss, logits, columns, targets);
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double at = logits[i];
    logits[i] = at + kStep;
    const double above = tape.evaluate(loss, logits, columns, targets).loss();
    logits[i] = at - kStep;
    const double below = tape.evaluate(loss, logits, columns, targets).loss();
    logits[i] = at;
    EXPECT_NEAR(here.d_logits[i], (above - below) / (2 * kStep), tolerance) << loss.name() << ", logit " << i;
  }
}

}  // namespace attune::test
