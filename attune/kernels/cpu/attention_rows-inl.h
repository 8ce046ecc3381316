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
#include "attune/kernels/cpu/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

inline int64_t whole_vectors(int64_t count) {
  return (count + lanes() - 1) / lanes();
}

// Rows [begin, begin + count) of `cols` elements to rows of `to` that are ld apart and hold whole vectors, with zeros
// behind the elements.
template <class T>
void load_rows(const HeadRows& rows, int64_t begin, int64_t count, int64_t cols, float* to, int64_t ld) {
  const T* from = static_cast<const T*>(rows.data) + begin * rows.stride;
  for (int64_t i = 0; i < count; ++i, from += rows.stride, to += ld) {
    int64_t j = 0;
    for (; j + lanes() <= cols; j += lanes()) store(to + j, Whole{}, load(from + j, Whole{}));
    if (j < cols) store(to + j, Whole{}, load(from + j, Part{static_cast<size_t>(cols - j)}));
  }
}

// The way back for one row, times scale, rounded where T is bf16.
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
