#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/attention_items.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <cmath>
#include <limits>

#include "attune/kernels/cpu/attention_items.h"
#include "attune/kernels/cpu/attention_rows-inl.h"
#include "attune/kernels/cpu/matmul_tile-inl.h"

#ifndef ATTUNE_ATTENTION_ITEMS_ONCE
#define ATTUNE_ATTENTION_ITEMS_ONCE
namespace attune::kernels::cpu {

constexpr int64_t kQueries = 32;  // rows of scores held at a time
constexpr int64_t kLine = 16;     // floats of a cache line, and of the widest vector

// Columns of a scratch matrix whose rows are walked down: an odd number of lines, so that they fall into different sets
// of the first-level cache.
constexpr int64_t wide_columns(int64_t count) { return ((count + kLine - 1) / kLine | 1) * kLine; }
constexpr int64_t columns(int64_t count) { return (count + kLine - 1) / kLine * kLine; }

// Hands out matrices of a scratch block, in order.
class Carve {
 public:
  explicit Carve(float* from) : next_(from) {}
  float* operator()(int64_t rows, int64_t cols) {
    float* const block = next_;
    next_ += rows * cols;
    return block;
  }

 private:
  float* next_;
};

}  // namespace attune::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

template <class T>
const T* row_of(const HeadRows& rows, int64_t i) {
  return static_cast<const T*>(rows.data) + i * rows.stride;
}

template <class T>
void load_rows(const HeadRows& rows, int64_t begin, int64_t count, int64_t cols, float scale, float* to) {
  for (int64_t i = 0; i < count; ++i) load_row(row_of<T>(rows, begin + i), cols, scale, to + i * columns(cols));
}

template <class T>
void store_rows(const float* from, int64_t count, int64_t cols, float scale, const HeadRows& rows, int64_t begin) {
  for (int64_t i = 0; i < count; ++i)
    store_row(from + i * columns(cols), cols, scale, static_cast<T*>(rows.data) + (begin + i) * rows.stride);
}

uint64_t row_key(const HeadItem& item, int64_t row) {
  return mix_key(mix_key(item.dropout.site, item.dropout.row_keys[row]), item.head);
}

float largest(const float* s, int64_t count) {
  const Floats d;
  FloatV best = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (int64_t j = 0; j < count; j += lanes()) best = hn::Max(best, hn::LoadU(d, s + j));
  return hn::GetLane(hn::MaxOfLanes(d, best));
}

// s = dropout factors of exp(s - max), not yet divided by the sum of exponentials, which it returns.
template <bool kDropout>
float exponentials(float* s, int64_t count, float most, uint64_t key, uint32_t threshold) {
  const Floats d;
  const FloatV top = hn::Set(d, most), one = hn::Set(d, 1.0f);
  FloatV sum = hn::Zero(d);
  for (int64_t j = 0; j < count; j += lanes()) {
    const FloatV e = exponential(hn::Sub(hn::LoadU(d, s + j), top));
    sum = hn::Add(sum, e);
    hn::StoreU(kDropout ? hn::Mul(e, dropout_factors(key, j, threshold, one)) : e, d, s + j);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// One row of scores to exponentials with dropout; returns what its weighted sum of values must be multiplied by.
float soften(const HeadItem& item, int64_t row, float* s) {
  const int64_t count = item.length;
  std::fill(s + count, s + whole_vectors(count) * lanes(), -std::numeric_limits<float>::infinity());
  const float most = largest(s, count);
  const bool drops = item.dropout.active();
  const float sum = drops ? exponentials<true>(s, count, most, row_key(item, row), item.dropout.threshold())
                          : exponentials<false>(s, count, most, 0, 0);
  if (item.log_sum != nullptr) item.log_sum[row * item.log_stride] = most + std::log(sum);
  return (drops ? item.dropout.scale() : 1.0f) / sum;
}

template <class T>
void forward(const HeadItem& item, float* scratch) {
  const int64_t T_ = item.length, D = item.head_size, Dc = columns(D), Tc = wide_columns(T_);
  Carve carve(scratch);
  float* const k_t = carve(D, Tc);
  float* const v = carve(T_, Dc);
  float* const q = carve(kQueries, Dc);
  float* const s = carve(kQueries, Tc);
  float* const o = carve(kQueries, Dc);
  load_rows<T>(item.k, 0, T_, D, 1.0f, v);
  transpose(v, T_, D, Dc, k_t, Tc);
  load_rows<T>(item.v, 0, T_, D, 1.0f, v);
  for (int64_t begin = 0; begin < T_; begin += kQueries) {
    const int64_t rows = std::min(kQueries, T_ - begin);
    load_rows<T>(item.q, begin, rows, D, item.scale, q);
    small_product({rows, whole_vectors(T_), D, q, Dc, 1, k_t, Tc, s, Tc, false});
    float factor[kQueries];
    for (int64_t i = 0; i < rows; ++i) factor[i] = soften(item, begin + i, s + i * Tc);
    small_product({rows, whole_vectors(D), T_, s, Tc, 1, v, Dc, o, Dc, false});
    for (int64_t i = 0; i < rows; ++i) store_rows<T>(o + i * Dc, 1, D, factor[i], item.out, begin + i);
  }
}

float dot(const float* x, const float* y, int64_t count) {
  const Floats d;
  FloatV sum = hn::Zero(d);
  for (int64_t j = 0; j < count; j += lanes()) sum = hn::MulAdd(hn::LoadU(d, x + j), hn::LoadU(d, y + j), sum);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// In place: s, scores, becomes p~; g, dp~, becomes ds.
template <bool kDropout>
void score_gradients(float* s, float* g, int64_t count, float log_sum, float e, const DropoutKeys& dropout, uint64_t key) {
  const Floats d;
  const FloatV shift = hn::Set(d, log_sum), mean = hn::Set(d, e), kept = hn::Set(d, dropout.scale());
  const uint32_t threshold = dropout.threshold();
  for (int64_t j = 0; j < count; j += lanes()) {
    const FloatV p = exponential(hn::Sub(hn::LoadU(d, s + j), shift));
    FloatV dp = hn::LoadU(d, g + j), dropped = p;
    if constexpr (kDropout) {
      const FloatV factor = dropout_factors(key, j, threshold, kept);
      dp = hn::Mul(dp, factor);
      dropped = hn::Mul(p, factor);
    }
    hn::StoreU(dropped, d, s + j);
    hn::StoreU(hn::Mul(p, hn::Sub(dp, mean)), d, g + j);
  }
}

template <class T>
void backward(const HeadItemBackward& b, float* scratch) {
  const HeadItem& item = b.forward;
  const int64_t T_ = item.length, D = item.head_size, Dc = columns(D), Tc = wide_columns(T_);
  const int64_t wide = whole_vectors(T_), narrow = whole_vectors(D);
  Carve carve(scratch);
  float* const k = carve(T_, Dc);
  float* const k_t = carve(D, Tc);
  float* const v_t = carve(D, Tc);
  float* const dk = carve(T_, Dc);
  float* const dv = carve(T_, Dc);
  float* const q = carve(kQueries, Dc);
  float* const d_out = carve(kQueries, Dc);
  float* const o = carve(kQueries, Dc);  // out, then dq
  float* const s = carve(kQueries, Tc);
  float* const g = carve(kQueries, Tc);
  load_rows<T>(item.v, 0, T_, D, 1.0f, k);
  transpose(k, T_, D, Dc, v_t, Tc);
  load_rows<T>(item.k, 0, T_, D, 1.0f, k);
  transpose(k, T_, D, Dc, k_t, Tc);
  for (int64_t begin = 0; begin < T_; begin += kQueries) {
    const int64_t rows = std::min(kQueries, T_ - begin);
    load_rows<T>(item.q, begin, rows, D, item.scale, q);
    load_rows<T>(b.d_out, begin, rows, D, 1.0f, d_out);
    load_rows<T>(item.out, begin, rows, D, 1.0f, o);
    small_product({rows, wide, D, q, Dc, 1, k_t, Tc, s, Tc, false});
    small_product({rows, wide, D, d_out, Dc, 1, v_t, Tc, g, Tc, false});
    for (int64_t i = 0; i < rows; ++i) {
      const float log_sum = item.log_sum[(begin + i) * item.log_stride];
      const float e = dot(d_out + i * Dc, o + i * Dc, D);
      if (item.dropout.active())
        score_gradients<true>(s + i * Tc, g + i * Tc, T_, log_sum, e, item.dropout, row_key(item, begin + i));
      else
        score_gradients<false>(s + i * Tc, g + i * Tc, T_, log_sum, e, item.dropout, 0);
    }
    small_product({rows, narrow, T_, g, Tc, 1, k, Dc, o, Dc, false});
    store_rows<T>(o, rows, D, item.scale, b.dq, begin);
    // q holds scale * q, so dk needs no scale of its own.
    small_product({T_, narrow, rows, g, 1, Tc, q, Dc, dk, Dc, begin > 0});
    small_product({T_, narrow, rows, s, 1, Tc, d_out, Dc, dv, Dc, begin > 0});
  }
  store_rows<T>(dk, T_, D, 1.0f, b.dk, 0);
  store_rows<T>(dv, T_, D, 1.0f, b.dv, 0);
}

void forward_item(const HeadItem& item, float* scratch) {
  if (item.dtype == tensor::DType::bf16)
    forward<BFloat16>(item, scratch);
  else
    forward<float>(item, scratch);
}

void backward_item(const HeadItemBackward& item, float* scratch) {
  if (item.forward.dtype == tensor::DType::bf16)
    backward<BFloat16>(item, scratch);
  else
    backward<float>(item, scratch);
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(forward_item);
HWY_EXPORT(backward_item);

int64_t scratch_floats(int64_t length, int64_t head_size) {
  const int64_t Dc = columns(head_size), Tc = wide_columns(length);
  return head_size * Tc + length * Dc + kQueries * (2 * Dc + Tc);
}

int64_t scratch_floats_backward(int64_t length, int64_t head_size) {
  const int64_t Dc = columns(head_size), Tc = wide_columns(length);
  return 2 * head_size * Tc + 3 * length * Dc + kQueries * (3 * Dc + 2 * Tc);
}

void run_item(const HeadItem& item, float* scratch) { HWY_DYNAMIC_DISPATCH(forward_item)(item, scratch); }

void run_item_backward(const HeadItemBackward& item, float* scratch) {
  HWY_DYNAMIC_DISPATCH(backward_item)(item, scratch);
}

}  // namespace attune::kernels::cpu
#endif
