#include "attune/baselines/sparse_features.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::baselines {

SparseFeatures::SparseFeatures(std::vector<int64_t> offsets, std::vector<SparseEntry> entries, int64_t columns,
                               int threads)
    : offsets_(std::move(offsets)),
      column_offsets_(static_cast<size_t>(columns) + 1, 0),
      entries_(std::move(entries)),
      by_column_(entries_.size()),
      columns_(columns),
      threads_(threads) {
  for (const SparseEntry& entry : entries_) {
    ATTUNE_CHECK(entry.column >= 0 && entry.column < columns, "column {} of {}", entry.column, columns);
    ++column_offsets_[static_cast<size_t>(entry.column) + 1];
  }
  for (size_t c = 1; c < column_offsets_.size(); ++c) column_offsets_[c] += column_offsets_[c - 1];
  std::vector<int64_t> next(column_offsets_.begin(), column_offsets_.end() - 1);
  for (int64_t r = 0; r < rows(); ++r)
    for (const SparseEntry& entry : row(r))
      by_column_[static_cast<size_t>(next[static_cast<size_t>(entry.column)]++)] = {static_cast<int32_t>(r),
                                                                                    entry.value};
}

void SparseFeatures::multiply(std::span<const float> w, int64_t outputs, std::span<float> out) const {
#pragma omp parallel for schedule(static) num_threads(threads_)
  for (int64_t r = 0; r < rows(); ++r) {
    float* sums = out.data() + r * outputs;
    std::fill(sums, sums + outputs, 0.0f);
    for (const SparseEntry& entry : row(r)) {
      const float* weights = w.data() + entry.column * outputs;
      for (int64_t k = 0; k < outputs; ++k) sums[k] += entry.value * weights[k];
    }
  }
}

void SparseFeatures::multiply_transposed(std::span<const float> g, int64_t outputs, std::span<float> dw) const {
#pragma omp parallel for schedule(static) num_threads(threads_)
  for (int64_t c = 0; c < columns_; ++c) {
    float* sums = dw.data() + c * outputs;
    std::fill(sums, sums + outputs, 0.0f);
    for (int64_t e = column_offsets_[static_cast<size_t>(c)]; e < column_offsets_[static_cast<size_t>(c) + 1]; ++e) {
      const ColumnEntry& entry = by_column_[static_cast<size_t>(e)];
      const float* gradient = g.data() + entry.row * outputs;
      for (int64_t k = 0; k < outputs; ++k) sums[k] += entry.value * gradient[k];
    }
  }
}

}  // namespace attune::baselines
