// Features most of which are 0 in most rows: stored by row, and once more by column, so that both products are sums
// that one thread takes in order.
#pragma once
#include <vector>

#include "attune/baselines/features.h"

namespace attune::baselines {

struct SparseEntry {
  int32_t column = 0;
  float value = 0;
};

class SparseFeatures final : public Features {
 public:
  // `offsets` [N+1] into `entries`; columns below `columns`, ascending in a row. Errors (internal): a column beyond.
  SparseFeatures(std::vector<int64_t> offsets, std::vector<SparseEntry> entries, int64_t columns, int threads);

  int64_t rows() const override { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t columns() const override { return columns_; }
  int threads() const override { return threads_; }
  void multiply(std::span<const float> w, int64_t outputs, std::span<float> out) const override;
  void multiply_transposed(std::span<const float> g, int64_t outputs, std::span<float> dw) const override;

  std::span<const SparseEntry> row(int64_t row) const {
    return std::span(entries_).subspan(
        static_cast<size_t>(offsets_[static_cast<size_t>(row)]),
        static_cast<size_t>(offsets_[static_cast<size_t>(row) + 1] - offsets_[static_cast<size_t>(row)]));
  }

 private:
  struct ColumnEntry {
    int32_t row = 0;
    float value = 0;
  };
  std::vector<int64_t> offsets_, column_offsets_;
  std::vector<SparseEntry> entries_;
  std::vector<ColumnEntry> by_column_;
  int64_t columns_;
  int threads_;
};

}  // namespace attune::baselines
