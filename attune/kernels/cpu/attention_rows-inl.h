// Contract: the rows of one head between memory (f32 or bf16, wide strides) and scratch (f32, close together), and the
// dropout of a row of scores, for every Highway target.
#if defined(ATTUNE_ATTENTION_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_ATTENTION_ROWS_INL_H
#undef ATTUNE_ATTENTION_ROWS_INL_H
#else
#define ATTUNE_ATTENTION_ROWS_INL_H
#endif

#include "attune/kernels/cpu/attention_items.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

inline int64_t whole_vectors(int64_t count) {
  return (count + lanes() - 1) / lanes();
}

// Rows [begin, begin + count) of `cols` elements, times scale, to rows of `to` that are ld apart and hold whole
// vectors, with zeros behind the elements.
template <class T>
void load_rows(const HeadRows& rows, int64_t begin, int64_t count, int64_t cols, float scale, float* to, int64_t ld) {
  const Float factor = hn::Set(Floats(), scale);
  const T* from = static_cast<const T*>(rows.data) + begin * rows.stride;
  for (int64_t i = 0; i < count; ++i, from += rows.stride, to += ld) {
    int64_t j = 0;
    for (; j + lanes() <= cols; j += lanes()) store(to + j, Whole{}, hn::Mul(load(from + j, Whole{}), factor));
    if (j < cols) store(to + j, Whole{}, hn::Mul(load(from + j, Part{static_cast<size_t>(cols - j)}), factor));
  }
}

// The way back for one row, rounded where T is bf16.
template <class T>
void store_row(const float* from, int64_t cols, float scale, const HeadRows& rows, int64_t row) {
  const Float factor = hn::Set(Floats(), scale);
  T* const to = static_cast<T*>(rows.data) + row * rows.stride;
  int64_t j = 0;
  for (; j + lanes() <= cols; j += lanes()) store(to + j, Whole{}, hn::Mul(load(from + j, Whole{}), factor));
  if (j < cols) store(to + j, Part{static_cast<size_t>(cols - j)}, hn::Mul(load(from + j, Whole{}), factor));
}

template <class T>
void store_rows(const float* from, int64_t ld, int64_t count, int64_t cols, float scale, const HeadRows& rows,
                int64_t begin) {
  for (int64_t i = 0; i < count; ++i) store_row<T>(from + i * ld, cols, scale, rows, begin + i);
}

// to[c][r] = from[r][c], four by four; rows up to a multiple of four are read as zeros beyond `rows`, so `to` needs
// room for that many columns. `cols` may be anything; from's rows hold cols rounded up to four.
inline void transpose(const float* from, int64_t rows, int64_t cols, int64_t ld_from, float* to, int64_t ld_to) {
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto zero = hn::Zero(d);
  for (int64_t r = 0; r < rows; r += 4) {
    const auto row = [&](int64_t i, int64_t c)
                         HWY_ATTR { return r + i < rows ? hn::LoadU(d, from + (r + i) * ld_from + c) : zero; };
    for (int64_t c = 0; c < cols; c += 4) {
      const auto v0 = row(0, c), v1 = row(1, c), v2 = row(2, c), v3 = row(3, c);
      const auto a = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1)),
                 b = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
      const auto e = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1)),
                 f = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
      const auto store = [&](int64_t i, auto value) HWY_ATTR {
        if (c + i < cols) hn::StoreU(hn::BitCast(d, value), d, to + (c + i) * ld_to + r);
      };
      store(0, hn::InterleaveLower(pairs, a, b));
      store(1, hn::InterleaveUpper(pairs, a, b));
      store(2, hn::InterleaveLower(pairs, e, f));
      store(3, hn::InterleaveUpper(pairs, e, f));
    }
  }
#else
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) to[c * ld_to + r] = from[r * ld_from + c];
#endif
}

// Dropout of one row of scores; apply(x, col) keeps or zeroes the elements from `col` on, and scales none.
class ScoreDropout {
 public:
  HWY_INLINE ScoreDropout(const HeadItem& item, int64_t row)
      : bits_(mix_key(mix_key(item.dropout.site, item.dropout.row_keys[row]), item.head)),
        threshold_(hn::Set(Words(), item.dropout.threshold())) {}

  HWY_INLINE Float apply(Float x, int64_t col) const {
    return hn::IfThenZeroElse(hn::RebindMask(Floats(), hn::Lt(bits_.at(col), threshold_)), x);
  }

 private:
  RowBits bits_;
  Word threshold_;
};

// The same where nothing is dropped.
class AllScores {
 public:
  HWY_INLINE AllScores(const HeadItem&, int64_t) {}
  HWY_INLINE Float apply(Float x, int64_t) const { return x; }
};

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif
