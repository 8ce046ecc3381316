// Ops against central differences, in f64 by the plain kernels: what the tests of this room share.
#pragma once
#include <cmath>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "attune/autograd/context.h"
#include "attune/base/rng.h"

namespace attune::test {

using autograd::Context;
using autograd::Tape;
using tensor::DType;
using tensor::Shape;
using tensor::Tensor;

class GradientCheck : public ::testing::Test {
 protected:
  // The arena's memory holds NaN, as it may after a step: what an op reads before writing shows.
  GradientCheck() {
    constexpr size_t kBytes = 1 << 20;
    std::memset(arena_.allocate(kBytes), 0xff, kBytes);
    arena_.reset();
  }

  using Inputs = std::vector<Tensor>;
  using Op = std::function<std::vector<Tensor>(Context&, const Inputs&)>;

  // Normally distributed, in memory that lasts as long as the test.
  Tensor normal(Shape shape, uint64_t key, double scale = 1) {
    const Tensor made = zeros(shape);
    for (int64_t i = 0; i < made.count(); ++i)
      made.as<double>()[i] = scale * random_normal(mix64(key), static_cast<uint32_t>(i));
    return made;
  }
  Tensor zeros(Shape shape) {
    kept_.emplace_back(static_cast<size_t>(shape.count()) * sizeof(double));
    return kept_.back().view(shape, DType::f64);
  }
  Tensor values(Shape shape, const std::vector<double>& numbers) {
    const Tensor made = zeros(shape);
    std::copy(numbers.begin(), numbers.end(), made.as<double>());
    return made;
  }
  static std::vector<uint64_t> row_keys(int64_t rows) {
    std::vector<uint64_t> keys;
    for (int64_t r = 0; r < rows; ++r) keys.push_back(mix64(static_cast<uint64_t>(r) + 77));
    return keys;
  }

  Context context(Tape* tape = nullptr) {
    return {.kernels = *kernels_,
            .arena = arena_,
            .tape = tape,
            .compute = DType::f64,
            .training = true,
            .random = {.seed = 3}};
  }

  // The gradient of every input, of the outputs weighted by fixed random numbers. Outputs have the same bits with and
  // without a tape. Returns the gradients, in order.
  std::vector<std::vector<double>> check(const Inputs& inputs, const Op& op) {
    std::vector<std::vector<double>> gradients = recorded(inputs, op);
    constexpr double kStep = 1e-5;
    for (size_t each = 0; each < inputs.size(); ++each) {
      for (int64_t i = 0; i < inputs[each].count(); ++i) {
        double& at = inputs[each].as<double>()[i];
        const double before = at;
        at = before + kStep;
        const double above = weighted(inputs, op);
        at = before - kStep;
        const double below = weighted(inputs, op);
        at = before;
        const double got = gradients[each][static_cast<size_t>(i)];
        EXPECT_NEAR(got, (above - below) / (2 * kStep), 3e-8 * (1 + std::abs(got)))
            << "input " << each << ", element " << i;
      }
    }
    return gradients;
  }

 private:
  static double weight(size_t output, int64_t i) {
    return random_normal(mix64(1000 + output), static_cast<uint32_t>(i));
  }
  double weighted(const Inputs& inputs, const Op& op) {
    arena_.reset();
    Context plain = context();
    const auto outputs = op(plain, inputs);
    double sum = 0;
    for (size_t o = 0; o < outputs.size(); ++o)
      for (int64_t i = 0; i < outputs[o].count(); ++i) sum += weight(o, i) * outputs[o].as<double>()[i];
    return sum;
  }
  std::vector<std::vector<double>> recorded(const Inputs& inputs, const Op& op) {
    arena_.reset();
    tape_.clear();
    Context recording = context(&tape_), plain = context();
    Inputs variables;
    for (const Tensor& input : inputs) variables.push_back(tape_.variable(input));
    const auto outputs = op(recording, variables), same = op(plain, inputs);
    for (size_t o = 0; o < outputs.size(); ++o) {
      const Tensor seed = arena_.tensor(outputs[o].shape, DType::f64);
      for (int64_t i = 0; i < seed.count(); ++i) {
        seed.as<double>()[i] = weight(o, i);
        EXPECT_EQ(outputs[o].as<double>()[i], same[o].as<double>()[i]) << "recording changed output " << i;
      }
      tape_.seed(outputs[o], seed);
    }
    tape_.backward();
    std::vector<std::vector<double>> gradients;
    for (const Tensor& variable : variables) {
      const Tensor gradient = tape_.gradient(variable);
      gradients.emplace_back(static_cast<size_t>(variable.count()), 0.0);
      if (!gradient.defined())
        ADD_FAILURE() << "no gradient reached input " << gradients.size() - 1;
      else
        std::copy_n(gradient.as<double>(), variable.count(), gradients.back().begin());
    }
    return gradients;
  }

 protected:
  std::unique_ptr<kernels::Kernels> kernels_ = kernels::reference::make_kernels();
  tensor::Arena arena_;
  Tape tape_{arena_, *kernels_};
  std::vector<tensor::Buffer> kept_;
};

}  // namespace attune::test
