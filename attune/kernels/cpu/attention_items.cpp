#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/attention_items.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <cmath>
#include <limits>

#include "attune/kernels/cpu/attention_items.h"
#include "attune/kernels/cpu/attention_rows-inl.h"
#include "attune/kernels/cpu/attention_scores.h"
#include "attune/kernels/cpu/exp-inl.h"
#include "attune/kernels/cpu/matmul_tile-inl.h"

#ifndef ATTUNE_ATTENTION_ITEMS_ONCE
#define ATTUNE_ATTENTION_ITEMS_ONCE
namespace attune::kernels::cpu {

constexpr int64_t kQueries = 32;  // rows of scores held at a time
constexpr int64_t kLine = 16;     // floats of a cache line, and of the widest vector

// Columns of a scratch matrix whose rows are walked down: an odd number of lines, so that they fall into different sets
// of the first-level cache.
constexpr int64_t wide_columns(int64_t count) {
  return ((count + kLine - 1) / kLine | 1) * kLine;
}
constexpr int64_t columns(int64_t count) {
  return (count + kLine - 1) / kLine * kLine;
}

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

// Query `row`'s products with the keys to exponentials of its scores, with dropout; returns what its weighted sum of
// values must be multiplied by.
template <class Dropout>
float soften(const HeadItem& item, int64_t row, float* s) {
  const Dropout dropout(item, row_of_query(item, row));
  const Float scale = hn::Set(Floats(), item.scale);
  const Float never = hn::Set(Floats(), -std::numeric_limits<float>::infinity());
  Float best = never;
  for_lanes(0, item.length, [&](int64_t j, auto part) HWY_ATTR {
    const Float score = hn::Mul(load(s + j, Whole{}), scale);
    store(s + j, Whole{}, score);
    best = hn::Max(best, select(part, score, never));
  });
  const Float top = hn::MaxOfLanes(Floats(), best);
  Float total = hn::Zero(Floats());
  for_lanes(0, item.length, [&](int64_t j, auto part) HWY_ATTR {
    const Float e = exp_of_negative(hn::Sub(select(part, load(s + j, Whole{}), never), top));
    total = hn::Add(total, e);
    store(s + j, Whole{}, dropout.apply(e, j));
  });
  const float sum = sum_of(total);
  if (item.log_sum != nullptr) item.log_sum[row * item.log_stride] = hn::GetLane(top) + std::log(sum);
  return item.dropout.scale() / sum;
}

// Queries [begin, begin + count).
template <class T>
void load_queries(const HeadItem& item, const HeadRows& from, int64_t begin, int64_t count, float* to, int64_t ld) {
  if (!item.query) return load_rows<T>(from, begin, count, item.head_size, to, ld);
  for (int64_t i = 0; i < count; ++i)
    load_rows<T>(from, row_of_query(item, begin + i), 1, item.head_size, to + i * ld, ld);
}

template <class T>
void clear_rows(const HeadRows& rows, int64_t count, int64_t cols) {
  for (int64_t i = 0; i < count; ++i) {
    T* const row = static_cast<T*>(rows.data) + i * rows.stride;
    std::fill(row, row + cols, T());
  }
}

const uint32_t* words_of(const HeadRows& rows, int64_t row) {
  return reinterpret_cast<const uint32_t*>(static_cast<const BFloat16*>(rows.data) + row * rows.stride);
}

// The keys or values that rows will be multiplied by, transposed to `to` [D or D / 2, wide columns]: f32 (by way of
// `loaded` [T, D]), or words of two neighbours.
template <class T>
void lay_out(const HeadItem& item, const HeadRows& rows, float* loaded, float* to) {
  const int64_t length = item.length, size = item.head_size, ld = columns(size), wide_ld = wide_columns(length);
  if (item.dots)
    return transpose(reinterpret_cast<const float*>(words_of(rows, 0)), length, size / 2, rows.stride / 2, to, wide_ld);
  load_rows<T>(rows, 0, length, size, loaded, ld);
  transpose(loaded, length, size, ld, to, wide_ld);
}

// s [count, T] = rows [begin, begin + count) of `from`, which are in `loaded` [count, D] unless item.dots, times what
// was laid out. `queries`: whether `from` is item.q, whose rows may be picked.
void multiply_laid_out(const HeadItem& item, const HeadRows& from, bool queries, int64_t begin, int64_t count,
                       const float* loaded, const float* laid_out, float* s) {
  const int64_t vectors = whole_vectors(item.length), wide_ld = wide_columns(item.length);
  if (!item.dots)
    return small_product(
        {count, vectors, item.head_size, loaded, columns(item.head_size), 1, laid_out, wide_ld, s, wide_ld, false});
  const auto* const b = reinterpret_cast<const uint32_t*>(laid_out);
  const int64_t pairs = item.head_size / 2, stride = from.stride / 2;
  if (!queries || !item.query)
    return dot_scores({count, vectors, pairs, words_of(from, begin), stride, b, wide_ld, s, wide_ld});
  for (int64_t i = 0; i < count; ++i)
    dot_scores({1, vectors, pairs, words_of(from, row_of_query(item, begin + i)), stride, b, wide_ld, s + i * wide_ld,
                wide_ld});
}

template <class T, class Dropout>
void forward(const HeadItem& item, float* scratch) {
  const int64_t length = item.length, size = item.head_size, ld = columns(size), wide_ld = wide_columns(length);
  Carve carve(scratch);
  float* const k_t = carve(size, wide_ld);
  float* const v = carve(length, ld);
  float* const q = carve(kQueries, ld);
  float* const s = carve(kQueries, wide_ld);
  float* const o = carve(kQueries, ld);
  lay_out<T>(item, item.k, v, k_t);
  load_rows<T>(item.v, 0, length, size, v, ld);
  for (int64_t begin = 0; begin < item.queries; begin += kQueries) {
    const int64_t rows = std::min(kQueries, item.queries - begin);
    if (!item.dots) load_queries<T>(item, item.q, begin, rows, q, ld);
    multiply_laid_out(item, item.q, true, begin, rows, q, k_t, s);
    float factor[kQueries];
    for (int64_t i = 0; i < rows; ++i) factor[i] = soften<Dropout>(item, begin + i, s + i * wide_ld);
    small_product({rows, whole_vectors(size), length, s, wide_ld, 1, v, ld, o, ld, false});
    for (int64_t i = 0; i < rows; ++i) store_row<T>(o + i * ld, size, factor[i], item.out, begin + i);
  }
}

float dot(const float* x, const float* y, int64_t count) {
  Float sum = hn::Zero(Floats());
  for (int64_t j = 0; j < count; j += lanes()) sum = hn::MulAdd(load(x + j, Whole{}), load(y + j, Whole{}), sum);
  return sum_of(sum);
}

// In place: s, query `row`'s products with the keys, becomes p~, and g, which holds dp~, becomes ds. `e` is the row's
// d_out . out. (Rounding may lift a score a little above log_sum; the exponential bears that.)
template <class Dropout>
void score_gradients(const HeadItem& item, int64_t row, float e, float* s, float* g) {
  const Dropout dropout(item, row_of_query(item, row));
  const Float shift = hn::Set(Floats(), item.log_sum[row * item.log_stride]), mean = hn::Set(Floats(), e);
  const Float scale = hn::Set(Floats(), item.scale);
  const Float kept = hn::Set(Floats(), item.dropout.scale());
  for (int64_t j = 0; j < item.length; j += lanes()) {
    const Float p = exp_of_negative(hn::MulSub(load(s + j, Whole{}), scale, shift));
    const Float factor = dropout.apply(kept, j);
    store(s + j, Whole{}, hn::Mul(p, factor));
    store(g + j, Whole{}, hn::Mul(p, hn::MulSub(load(g + j, Whole{}), factor, mean)));
  }
}

template <class T, class Dropout>
void backward(const HeadItemBackward& b, float* scratch) {
  const HeadItem& item = b.forward;
  const int64_t length = item.length, size = item.head_size, ld = columns(size), wide_ld = wide_columns(length);
  const int64_t narrow = whole_vectors(size);
  Carve carve(scratch);
  float* const k = carve(length, ld);
  float* const k_t = carve(size, wide_ld);
  float* const v_t = carve(size, wide_ld);
  float* const dk = carve(length, ld);
  float* const dv = carve(length, ld);
  float* const q = carve(kQueries, ld);
  float* const d_out = carve(kQueries, ld);
  float* const o = carve(kQueries, ld);  // out, then dq
  float* const s = carve(kQueries, wide_ld);
  float* const g = carve(kQueries, wide_ld);
  if (item.query) clear_rows<T>(b.dq, length, size);
  if (item.queries == 0) {
    clear_rows<T>(b.dk, length, size);
    return clear_rows<T>(b.dv, length, size);
  }
  lay_out<T>(item, item.v, k, v_t);
  lay_out<T>(item, item.k, k, k_t);
  if (item.dots) load_rows<T>(item.k, 0, length, size, k, ld);
  for (int64_t begin = 0; begin < item.queries; begin += kQueries) {
    const int64_t rows = std::min(kQueries, item.queries - begin);
    load_queries<T>(item, item.q, begin, rows, q, ld);
    load_rows<T>(b.d_out, begin, rows, size, d_out, ld);
    load_rows<T>(item.out, begin, rows, size, o, ld);
    multiply_laid_out(item, item.q, true, begin, rows, q, k_t, s);
    multiply_laid_out(item, b.d_out, false, begin, rows, d_out, v_t, g);
    for (int64_t i = 0; i < rows; ++i)
      score_gradients<Dropout>(item, begin + i, dot(d_out + i * ld, o + i * ld, size), s + i * wide_ld,
                               g + i * wide_ld);
    small_product({rows, narrow, length, g, wide_ld, 1, k, ld, o, ld, false});
    for (int64_t i = 0; i < rows; ++i) store_row<T>(o + i * ld, size, item.scale, b.dq, row_of_query(item, begin + i));
    small_product({length, narrow, rows, g, 1, wide_ld, q, ld, dk, ld, begin > 0});
    small_product({length, narrow, rows, s, 1, wide_ld, d_out, ld, dv, ld, begin > 0});
  }
  store_rows<T>(dk, ld, length, size, item.scale, b.dk, 0);
  store_rows<T>(dv, ld, length, size, 1.0f, b.dv, 0);
}

template <class T>
void forward_of(const HeadItem& item, float* scratch) {
  item.dropout.active() ? forward<T, ScoreDropout>(item, scratch) : forward<T, AllScores>(item, scratch);
}

template <class T>
void backward_of(const HeadItemBackward& item, float* scratch) {
  item.forward.dropout.active() ? backward<T, ScoreDropout>(item, scratch) : backward<T, AllScores>(item, scratch);
}

void forward_item(const HeadItem& item, float* scratch) {
  item.dtype == tensor::DType::bf16 ? forward_of<BFloat16>(item, scratch) : forward_of<float>(item, scratch);
}

void backward_item(const HeadItemBackward& item, float* scratch) {
  item.forward.dtype == tensor::DType::bf16 ? backward_of<BFloat16>(item, scratch) : backward_of<float>(item, scratch);
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(forward_item);
HWY_EXPORT(backward_item);

int64_t scratch_floats(int64_t length, int64_t head_size) {
  const int64_t ld = columns(head_size), wide_ld = wide_columns(length);
  return head_size * wide_ld + length * ld + kQueries * (2 * ld + wide_ld);
}

int64_t scratch_floats_backward(int64_t length, int64_t head_size) {
  const int64_t ld = columns(head_size), wide_ld = wide_columns(length);
  return 2 * head_size * wide_ld + 3 * length * ld + kQueries * (3 * ld + 2 * wide_ld);
}

void run_item(const HeadItem& item, float* scratch) {
  HWY_DYNAMIC_DISPATCH(forward_item)(item, scratch);
}

void run_item_backward(const HeadItemBackward& item, float* scratch) {
  HWY_DYNAMIC_DISPATCH(backward_item)(item, scratch);
}

}  // namespace attune::kernels::cpu
#endif
