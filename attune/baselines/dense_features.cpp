#include "attune/baselines/dense_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attune::baselines {
namespace {

// The matrix products take views; they only write to `c`.
tensor::Tensor matrix(std::span<const float> values, int64_t rows, int64_t columns) {
  return {.data = const_cast<float*>(values.data()), .shape = {rows, columns}, .dtype = tensor::DType::f32};
}

}  // namespace

DenseFeatures::DenseFeatures(std::vector<float> values, int64_t columns, int threads)
    : values_(std::move(values)),
      columns_(columns),
      rows_(static_cast<int64_t>(values_.size()) / columns),
      kernels_(kernels::cpu::make_kernels(threads)) {
  ATTUNE_CHECK(rows_ * columns_ == static_cast<int64_t>(values_.size()), "{} values in rows of {}", values_.size(),
               columns_);
}

void DenseFeatures::multiply(std::span<const float> w, int64_t outputs, std::span<float> out) const {
  kernels_->matmul(
      {.a = matrix(values_, rows_, columns_), .b = matrix(w, columns_, outputs), .c = matrix(out, rows_, outputs)});
}

void DenseFeatures::multiply_transposed(std::span<const float> g, int64_t outputs, std::span<float> dw) const {
  kernels_->matmul({.a = matrix(values_, rows_, columns_),
                    .b = matrix(g, rows_, outputs),
                    .c = matrix(dw, columns_, outputs),
                    .transpose_a = true});
}

Standardizer::Standardizer(std::span<const float> values, int64_t columns, ColumnScale by) {
  const auto m = static_cast<size_t>(columns);
  const size_t n = values.size() / m;
  std::vector<double> sum(m, 0.0), squares(m, 0.0);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < m; ++j) sum[j] += static_cast<double>(values[i * m + j]);
  const auto count = static_cast<double>(n ? n : 1);
  for (double& s : sum) s /= count;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < m; ++j) {
      const double d = static_cast<double>(values[i * m + j]) - sum[j];
      squares[j] += d * d;
    }
  }
  const double common = std::accumulate(squares.begin(), squares.end(), 0.0) / static_cast<double>(m);
  for (size_t j = 0; j < m; ++j) {
    const double variance = (by == ColumnScale::own ? squares[j] : common) / count;
    mean_.push_back(static_cast<float>(sum[j]));
    scale_.push_back(variance > 1e-24 ? static_cast<float>(1 / std::sqrt(variance * static_cast<double>(m))) : 0);
  }
}

void Standardizer::apply(std::span<float> values) const {
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t j = i % mean_.size();
    values[i] = (values[i] - mean_[j]) * scale_[j];
  }
}

LogisticModel Standardizer::undone_in(const LogisticModel& fitted) const {
  const auto k = static_cast<size_t>(fitted.classes);
  ATTUNE_CHECK(fitted.weights.size() == (mean_.size() + 1) * k, "a model of other features");
  LogisticModel model = fitted;
  std::vector<double> bias(fitted.weights.end() - static_cast<std::ptrdiff_t>(k), fitted.weights.end());
  for (size_t j = 0; j < mean_.size(); ++j) {
    for (size_t c = 0; c < k; ++c) {
      float& weight = model.weights[j * k + c];
      weight *= scale_[j];
      bias[c] -= static_cast<double>(mean_[j]) * static_cast<double>(weight);
    }
  }
  std::copy(bias.begin(), bias.end(), model.weights.end() - static_cast<std::ptrdiff_t>(k));
  return model;
}

}  // namespace attune::baselines
