// The three loops that products with a matrix of few rows come down to, on rows of f32. Compiled once for each
// instruction set (Highway's foreach_target), hence the unusual include guard.
#if defined(ATTUNE_KERNELS_CPU_LOW_RANK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_KERNELS_CPU_LOW_RANK_INL_H_
#undef ATTUNE_KERNELS_CPU_LOW_RANK_INL_H_
#else
#define ATTUNE_KERNELS_CPU_LOW_RANK_INL_H_
#endif

#include <algorithm>

#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/low_rank_tile.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

// Calls body(first, count) with count a constant: groups of kMost rows, then of one.
template <int kMost, class Body>
HWY_INLINE void for_groups(int64_t rows, const Body& body) {
  int64_t i = 0;
  for (; i + kMost <= rows; i += kMost) body(i, std::integral_constant<int, kMost>());
  for (; i < rows; ++i) body(i, std::integral_constant<int, 1>());
}

// out[i, 0..count) = sum over j of x[i, j] tile[j, 0..16): each row's sum in the order of j.
struct Projection {
  const float* x;  // [rows, cols]
  int64_t rows, cols;
  const float* tile;  // [cols, 16]
  float* out;         // rows out_stride apart
  int64_t out_stride, count;
};

template <int kRows>
HWY_INLINE void project_rows(const Projection& p, int64_t first) {
  constexpr int kVectors = kLowRankTile / static_cast<int>(hn::MaxLanes(Floats()));
  Float sums[kRows][kVectors];
  for (int i = 0; i < kRows; ++i)
    for (int v = 0; v < kVectors; ++v) sums[i][v] = hn::Zero(Floats());
  const float* x = p.x + first * p.cols;
  for (int64_t j = 0; j < p.cols; ++j)
    for (int v = 0; v < kVectors; ++v) {
      const Float column = hn::LoadU(Floats(), p.tile + j * kLowRankTile + v * lanes());
      for (int i = 0; i < kRows; ++i) sums[i][v] = hn::MulAdd(hn::Set(Floats(), x[i * p.cols + j]), column, sums[i][v]);
    }
  for (int i = 0; i < kRows; ++i) {
    HWY_ALIGN float row[kLowRankTile];
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[i][v], Floats(), row + v * lanes());
    std::copy_n(row, p.count, p.out + (first + i) * p.out_stride);
  }
}

HWY_INLINE void project(const Projection& p) {
  constexpr int kGroup = hn::MaxLanes(Floats()) >= 16 ? 8 : 4;
  for_groups<kGroup>(p.rows, [&](int64_t first, auto count) HWY_ATTR { project_rows<count()>(p, first); });
}

// to[i, j] = from[i, j] + sum over k of factor[i, k] m[k, j], in the order of k, and bias[j] at the end where there is
// one.
template <class T>
struct Spreading {
  const float* factor;  // rows factor_stride apart
  int64_t factor_stride, rows, depth;
  const float* m;  // [depth, cols], rows m_stride apart
  int64_t m_stride, cols;
  const T* from;  // `to`, or another matrix of its shape
  T* to;          // both have rows to_stride apart
  int64_t to_stride;
  const float* bias = nullptr;
};

template <int kRows, class T>
HWY_INLINE void spread_rows(const Spreading<T>& p, int64_t first) {
  const float* factor = p.factor + first * p.factor_stride;
  const T* from = p.from + first * p.to_stride;
  T* to = p.to + first * p.to_stride;
  for_lanes(0, p.cols, [&](int64_t j, auto part) HWY_ATTR {
    Float sums[kRows];
    for (int i = 0; i < kRows; ++i) sums[i] = load(from + i * p.to_stride + j, part);
    for (int64_t k = 0; k < p.depth; ++k) {
      const Float row = load(p.m + k * p.m_stride + j, part);
      for (int i = 0; i < kRows; ++i)
        sums[i] = hn::MulAdd(hn::Set(Floats(), factor[i * p.factor_stride + k]), row, sums[i]);
    }
    if (p.bias)
      for (int i = 0; i < kRows; ++i) sums[i] = hn::Add(sums[i], load(p.bias + j, part));
    for (int i = 0; i < kRows; ++i) store(to + i * p.to_stride + j, part, sums[i]);
  });
}

template <class T>
HWY_INLINE void spread(const Spreading<T>& p) {
  for_groups<8>(p.rows, [&](int64_t first, auto count) HWY_ATTR { spread_rows<count()>(p, first); });
}

// sums[k, j] += sum over i of factor[i, k] x[i, j], in the order of i.
struct OuterSum {
  const float* factor;  // rows factor_stride apart
  int64_t factor_stride, rows, depth;
  const float* x;  // [rows, cols]
  int64_t cols;
  float* sums;  // [depth, cols]
};

template <int kDepth>
HWY_INLINE void add_outer_rows(const OuterSum& p, int64_t first) {
  float* sums = p.sums + first * p.cols;
  for_lanes(0, p.cols, [&](int64_t j, auto part) HWY_ATTR {
    Float sum[kDepth];
    for (int k = 0; k < kDepth; ++k) sum[k] = load(sums + k * p.cols + j, part);
    for (int64_t i = 0; i < p.rows; ++i) {
      const Float row = load(p.x + i * p.cols + j, part);
      for (int k = 0; k < kDepth; ++k)
        sum[k] = hn::MulAdd(hn::Set(Floats(), p.factor[i * p.factor_stride + first + k]), row, sum[k]);
    }
    for (int k = 0; k < kDepth; ++k) store(sums + k * p.cols + j, part, sum[k]);
  });
}

HWY_INLINE void add_outer(const OuterSum& p) {
  for_groups<8>(p.depth, [&](int64_t first, auto count) HWY_ATTR { add_outer_rows<count()>(p, first); });
}

// Columns [begin, begin + cols) of `rows` rows as f32: where they lie if that is what they are, else widened into
// `room`.
template <class T>
HWY_INLINE const float* as_floats(const T* x, int64_t stride, int64_t rows, int64_t cols, float* room) {
  if constexpr (std::is_same_v<T, float>)
    if (stride == cols) return x;
  for (int64_t i = 0; i < rows; ++i)
    for_lanes(0, cols,
              [&](int64_t j, auto part) HWY_ATTR { store(room + i * cols + j, part, load(x + i * stride + j, part)); });
  return room;
}

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
