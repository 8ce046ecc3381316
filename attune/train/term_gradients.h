// Whether the terms of an objective pull the same way: the cosine of their gradients by what the last layer reads.
//
//   g_t = d(weight_t sum_t / denominator_t) / d features   [rows of the step, C],   cos(a, b) = <g_a, g_b> / |g_a|
//   |g_b|
//
// Features are where the terms part: below them the encoder gets the sum. Sener & Koltun 2018, arXiv 1810.04650,
// section 3.3, take the same place for the encoder's own gradients (an upper bound). Costs the last layer and the
// losses once more, so it is looked at now and then.
#pragma once
#include <optional>
#include <vector>

#include "attune/train/strategy.h"

namespace attune::train {

class TermGradients {
 public:
  explicit TermGradients(kernels::Kernels& kernels);

  void begin(size_t terms);
  // Of a micro-batch that has run: `output` as its first pass gave it. Gradients of parameters stay as they are; those
  // parameters are constants afterwards (nn::Parameters::detach).
  void add(const MicroBatch& micro, const models::ModelOutput& output);
  // Of what was added since begin(); nothing where one of them has no gradient.
  std::optional<double> cosine(size_t a, size_t b) const;

 private:
  tensor::Arena arena_;
  autograd::Tape tape_;
  size_t terms_ = 0;
  std::vector<double> products_;  // [terms, terms]
};

// Pairs of terms that pull against each other, over a window of looks.
class Opposition {
 public:
  // `steps` the window reached to. What the user should know, one line a pair, each once.
  std::vector<std::string> look(const TermGradients& gradients, const losses::Objective& loss, int64_t step);

 private:
  struct Pair {
    double sum = 0;
    int looks = 0;
    int64_t first = 0;  // step
    bool told = false;
  };
  std::vector<Pair> pairs_;  // [terms, terms]
};

// Every so many steps the terms are looked at; the window is so many looks.
inline constexpr int64_t kStepsALook = 10;
inline constexpr int kLooksAWindow = 20;

}  // namespace attune::train
