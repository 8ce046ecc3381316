#include "attune/kernels/cpu/embedding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/embedding.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <algorithm>
#include <vector>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"
#include "attune/tensor/quantized.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

// to[c] += from[c] for columns [begin, end).
template <class To, class From>
void add_row(To* to, const From* from, int64_t begin, int64_t end) {
  for_lanes(begin, end, [&](int64_t c, auto part) HWY_ATTR {
    store(to + c, part, hn::Add(load(to + c, part), load(from + c, part)));
  });
}

// An i8 table's row, scaled.
void scaled_row(const Tensor& table, int64_t row, float* to) {
  const int64_t n = table.cols();
  const int8_t* const from = table.as<int8_t>() + row * n;
  const float scale = tensor::quantized_table_scales(table)[row];
  for (int64_t c = 0; c < n; ++c) to[c] = scale * static_cast<float>(from[c]);
}

// Tables of which some are i8 or bf16: what embed_rows does, one table after the other.
void embed_mixed_rows(const EmbeddingSum& p, int64_t begin, int64_t end) {
  const int64_t n = p.y.cols();
  std::vector<float> scaled(static_cast<size_t>(n));
  for (int64_t r = begin; r < end; ++r)
    for (int t = 0; t < p.tables; ++t) {
      const float* from = scaled.data();
      if (p.table[t].dtype == DType::i8)
        scaled_row(p.table[t], p.index[t][r], scaled.data());
      else if (p.table[t].dtype == DType::bf16)
        std::transform(p.table[t].as<BFloat16>() + p.index[t][r] * n,
                       p.table[t].as<BFloat16>() + (p.index[t][r] + 1) * n, scaled.begin(),
                       [](BFloat16 value) { return static_cast<float>(value); });
      else
        from = p.table[t].as<float>() + p.index[t][r] * n;
      float* const y = p.y.as<float>() + r * n;
      t == 0 ? void(std::copy(from, from + n, y)) : add_row(y, from, 0, n);
    }
}

void embed_rows(const EmbeddingSum& p, int64_t begin, int64_t end) {
  const int64_t n = p.y.cols();
  for (int64_t r = begin; r < end; ++r) {
    const float* row[EmbeddingSum::kMaxTables] = {};
    for (int t = 0; t < p.tables; ++t) row[t] = p.table[t].as<float>() + p.index[t][r] * n;
    float* y = p.y.as<float>() + r * n;
    for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
      Float sum = p.tables > 0 ? load(row[0] + c, part) : hn::Zero(Floats());
      for (int t = 1; t < p.tables; ++t) sum = hn::Add(sum, load(row[t] + c, part));
      store(y + c, part, sum);
    });
  }
}

// All rows, but only columns [begin, end): each element's additions come in the rows' order on whatever thread.
void scatter_columns(const EmbeddingSum& p, int64_t begin, int64_t end) {
  const int64_t n = p.y.cols();
  for (int t = 0; t < p.tables; ++t) {
    if (!p.table[t].defined()) continue;
    float* d_table = p.table[t].as<float>();
    for (int64_t r = 0; r < p.rows; ++r) add_row(d_table + p.index[t][r] * n, p.y.as<float>() + r * n, begin, end);
  }
}

void scatter_rows(const GatherRows& p, int64_t begin, int64_t end) {
  const int64_t n = p.y.cols();
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
      for (int64_t i = begin; i < end; ++i)
        if (p.index[i] >= 0) add_row(p.x.as<X>() + p.index[i] * n, p.y.as<Y>() + i * n, 0, n);
    });
  });
}

template <class X, class Y>
void mean_of(const X* x, Y* y, int64_t length, int64_t n) {
  const Float count = set(static_cast<double>(std::max<int64_t>(length, 1)));
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    Float sum = hn::Zero(Floats());
    for (int64_t r = 0; r < length; ++r) sum = hn::Add(sum, load(x + r * n + c, part));
    store(y + c, part, hn::Div(sum, count));
  });
}

void mean_sequences(const MeanRows& p, int64_t begin, int64_t end) {
  const int64_t n = p.x.cols();
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
      for (int64_t b = begin; b < end; ++b)
        mean_of(p.x.as<X>() + p.offsets[b] * n, p.y.as<Y>() + b * n, p.offsets[b + 1] - p.offsets[b], n);
    });
  });
}

void spread_sequences(const MeanRows& p, int64_t begin, int64_t end) {
  const int64_t n = p.x.cols();
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
      for (int64_t b = begin; b < end; ++b) {
        const Float length = set(p.offsets[b + 1] - p.offsets[b]);
        const Y* y = p.y.as<Y>() + b * n;
        for (int64_t r = p.offsets[b]; r < p.offsets[b + 1]; ++r)
          for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
            store(p.x.as<X>() + r * n + c, part, hn::Div(load(y + c, part), length));
          });
      }
    });
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

constexpr int64_t kColumns = 64;  // a column slice: four cache lines of each row

void check_indices(const int32_t* index, int64_t count, int32_t least, int64_t rows, const char* what) {
  for (int64_t i = 0; i < count; ++i)
    ATTUNE_CHECK(index[i] >= least && index[i] < rows, "{} {} at place {}, of {} rows", what, index[i], i, rows);
}

void check_tables(const EmbeddingSum& p, int64_t rows) {
  ATTUNE_CHECK(0 <= p.tables && p.tables <= EmbeddingSum::kMaxTables, "{} tables", p.tables);
  for (int t = 0; t < p.tables; ++t)
    if (p.table[t].defined()) check_indices(p.index[t], rows, 0, p.table[t].rows(), "embedding row");
}

// Zeros from row `first` on.
void clear_rows(const Tensor& matrix, int64_t first) {
  const int64_t row_bytes = matrix.cols() * static_cast<int64_t>(tensor::size_of(matrix.dtype));
  if (first < matrix.rows())
    std::memset(static_cast<char*>(matrix.data) + first * row_bytes, 0,
                static_cast<size_t>((matrix.rows() - first) * row_bytes));
}

// A chunk of sequences has about chunk_rows rows when they are of mean length.
int64_t chunk_sequences(const MeanRows& p) {
  const int64_t mean = p.x.rows() / std::max<int64_t>(1, p.sequences);
  return chunk_rows(p.x.cols() * std::max<int64_t>(1, mean));
}

}  // namespace

HWY_EXPORT(embed_rows);
HWY_EXPORT(embed_mixed_rows);
HWY_EXPORT(scatter_columns);
HWY_EXPORT(scatter_rows);
HWY_EXPORT(mean_sequences);
HWY_EXPORT(spread_sequences);

void embedding_sum(int threads, const EmbeddingSum& p) {
  check_tables(p, p.y.rows());
  const bool mixed =
      std::any_of(p.table.begin(), p.table.begin() + p.tables, [](const Tensor& t) { return t.dtype != DType::f32; });
  parallel_chunks(threads, p.y.rows(), chunk_rows(p.y.cols()), [&](int64_t begin, int64_t end) {
    mixed ? HWY_DYNAMIC_DISPATCH(embed_mixed_rows)(p, begin, end) : HWY_DYNAMIC_DISPATCH(embed_rows)(p, begin, end);
  });
}

void embedding_sum_backward(int threads, const EmbeddingSum& p) {
  check_tables(p, p.rows);
  const int64_t columns = p.rows * p.y.cols() > kChunkElements ? kColumns : std::max<int64_t>(1, p.y.cols());
  parallel_chunks(threads, p.y.cols(), columns, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scatter_columns)(p, begin, end);
  });
}

void gather_rows(int threads, const GatherRows& p) {
  const int64_t rows = p.y.rows();
  check_indices(p.index, rows, INT32_MIN, p.x.rows(), "gathered row");
  ATTUNE_CHECK(p.x.dtype == p.y.dtype, "gathering {} as {}", tensor::name(p.x.dtype), tensor::name(p.y.dtype));
  const size_t bytes = static_cast<size_t>(p.y.cols()) * tensor::size_of(p.y.dtype);
  parallel_chunks(threads, rows, chunk_rows(p.y.cols()), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      char* to = static_cast<char*>(p.y.data) + static_cast<size_t>(i) * bytes;
      if (p.index[i] < 0)
        std::memset(to, 0, bytes);
      else
        std::memcpy(to, static_cast<const char*>(p.x.data) + static_cast<size_t>(p.index[i]) * bytes, bytes);
    }
  });
}

void gather_rows_backward(int threads, const GatherRows& p) {
  check_indices(p.index, p.y.rows(), INT32_MIN, p.x.rows(), "gathered row");
  parallel_chunks(threads, p.y.rows(), chunk_rows(p.y.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scatter_rows)(p, begin, end);
  });
}

void mean_rows(int threads, const MeanRows& p) {
  clear_rows(p.y, p.sequences);
  parallel_chunks(threads, p.sequences, chunk_sequences(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(mean_sequences)(p, begin, end);
  });
}

void mean_rows_backward(int threads, const MeanRows& p) {
  clear_rows(p.x, p.sequences > 0 ? p.offsets[p.sequences] : 0);
  parallel_chunks(threads, p.sequences, chunk_sequences(p), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(spread_sequences)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
