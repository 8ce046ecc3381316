// A design matrix X [N rows, M columns], as far as a linear model looks at it: two products.
#pragma once
#include <cstdint>
#include <span>

namespace attune::baselines {

class Features {
 public:
  virtual ~Features() = default;
  virtual int64_t rows() const = 0;
  virtual int64_t columns() const = 0;
  virtual int threads() const = 0;
  // out [N, K] = X w, w [M, K]. Same bits for any number of threads.
  virtual void multiply(std::span<const float> w, int64_t outputs, std::span<float> out) const = 0;
  // dw [M, K] = X^T g, g [N, K]. Same bits for any number of threads.
  virtual void multiply_transposed(std::span<const float> g, int64_t outputs, std::span<float> dw) const = 0;
};

}  // namespace attune::baselines
