// Features as a plain matrix: what an encoder says about each text.
#pragma once
#include <vector>

#include "attune/baselines/features.h"
#include "attune/baselines/logistic_regression.h"
#include "attune/kernels/kernels.h"

namespace attune::baselines {

class DenseFeatures final : public Features {
 public:
  // values [N, columns] row major. Products are the CPU's, wherever the encoder ran.
  DenseFeatures(std::vector<float> values, int64_t columns, int threads);

  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int threads() const override { return kernels_->threads(); }
  void multiply(std::span<const float> w, int64_t outputs, std::span<float> out) const override;
  void multiply_transposed(std::span<const float> g, int64_t outputs, std::span<float> dw) const override;

 private:
  std::vector<float> values_;
  int64_t columns_, rows_;
  std::unique_ptr<kernels::Kernels> kernels_;
};

enum class ColumnScale {
  own,     // s_j^2 = E (x_j - mean_j)^2: every column counts alike
  common,  // s^2 = the mean of those: the penalty is on the weights of the columns as they are, so that one which
           // hardly moves gets no large weight
};

// Brings each column to mean 0 and the rows' squared length to 1 on average, with the statistics of the rows it was
// made from; then one penalty suits encoders of any width and scale.
//   x'_j = (x_j - mean_j) / (s_j sqrt(M))       s_j of `by`; a column without spread becomes 0
class Standardizer {
 public:
  // values [N, columns].
  Standardizer(std::span<const float> values, int64_t columns, ColumnScale by = ColumnScale::own);
  void apply(std::span<float> values) const;
  // The model for columns as they were, from one that was fitted to what apply() made of them:
  //   W_j = W'_j / (s_j sqrt(M)),   b = b' - sum_j mean_j W_j
  LogisticModel undone_in(const LogisticModel& fitted) const;

 private:
  std::vector<float> mean_, scale_;
};

}  // namespace attune::baselines
