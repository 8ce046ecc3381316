#include <algorithm>

#include "attune/kernels/cpu/low_rank.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/scale_columns.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

template <class From, class To>
void copy_rows(const From* from, To* to, int64_t begin, int64_t end) {
  if (static_cast<const void*>(from) == static_cast<void*>(to)) return;
  for_lanes(begin, end, [&](int64_t i, auto lane) HWY_ATTR { store(to + i, lane, load(from + i, lane)); });
}

void scale_chunk(const ScaleColumns& p, int64_t begin, int64_t end) {
  const int64_t cols = p.x.cols();
  const float *g = p.g.as<float>(), *shift = optional<float>(p.shift);
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
      const X* const x = p.x.as<X>();
      Y* const y = p.y.as<Y>();
      if (p.parts.columns() < cols) copy_rows(x, y, begin * cols, end * cols);
      p.parts.for_each([&](int, int64_t first, int64_t width, int64_t at) HWY_ATTR {
        for (int64_t i = begin; i < end; ++i)
          for_lanes(0, width, [&](int64_t j, auto lane) HWY_ATTR {
            const Float product = hn::Mul(load(x + i * cols + first + j, lane), load(g + at + j, lane));
            store(y + i * cols + first + j, lane, shift ? hn::Add(product, load(shift + at + j, lane)) : product);
          });
      });
    });
  });
}

// `sums` [columns of the parts]: dg of this chunk's rows, or nullptr.
void scale_backward_chunk(const ScaleColumnsBackward& p, float* sums, int64_t begin, int64_t end) {
  const int64_t cols = p.dy.cols();
  const float *g = p.g.as<float>(), *center = optional<float>(p.center);
  if (sums) std::fill_n(sums, p.parts.columns(), 0.0f);
  with_element(p.dy.dtype, [&]<class D>(D) HWY_ATTR {
    const D* dy = p.dy.as<D>();
    if (sums)
      with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
        const X* const all = p.x.as<X>();
        p.parts.for_each([&](int, int64_t first, int64_t width, int64_t at) HWY_ATTR {
          for (int64_t i = begin; i < end; ++i)
            for_lanes(0, width, [&](int64_t j, auto lane) HWY_ATTR {
              Float x = load(all + i * cols + first + j, lane);
              if (center) x = hn::Sub(x, load(center + at + j, lane));
              store(sums + at + j, lane,
                    hn::MulAdd(load(dy + i * cols + first + j, lane), x, load(sums + at + j, lane)));
            });
        });
      });
    if (!p.dx.defined()) return;
    with_element(p.dx.dtype, [&]<class T>(T) HWY_ATTR {
      T* const dx = p.dx.as<T>();
      if (p.parts.columns() < cols) copy_rows(dy, dx, begin * cols, end * cols);
      p.parts.for_each([&](int, int64_t first, int64_t width, int64_t at) HWY_ATTR {
        for (int64_t i = begin; i < end; ++i)
          for_lanes(0, width, [&](int64_t j, auto lane) HWY_ATTR {
            store(dx + i * cols + first + j, lane,
                  hn::Mul(load(dy + i * cols + first + j, lane), load(g + at + j, lane)));
          });
      });
    });
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(scale_chunk);
HWY_EXPORT(scale_backward_chunk);

void scale_columns(int threads, const ScaleColumns& p) {
  parallel_chunks(threads, p.x.rows(), chunk_rows(p.x.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scale_chunk)(p, begin, end);
  });
}

void scale_columns_backward(Workspace& workspace, int threads, const ScaleColumnsBackward& p) {
  constexpr int64_t kRows = 64;  // whose sums are added in order
  const int64_t rows = p.dy.rows(), cols = p.parts.columns(), blocks = chunks_of(rows, kRows);
  float* const sums = p.dg.defined() ? workspace.get<float>(blocks * cols) : nullptr;
  parallel_chunks(threads, rows, kRows, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scale_backward_chunk)(p, sums ? sums + begin / kRows * cols : nullptr, begin, end);
  });
  if (!p.dg.defined()) return;
  float* const dg = p.dg.as<float>();
  for (int64_t j = 0; j < cols; ++j) {
    float sum = p.add_to_dg ? dg[j] : 0.0f;
    for (int64_t b = 0; b < blocks; ++b) sum += sums[b * cols + j];
    dg[j] = sum;
  }
}

}  // namespace attune::kernels::cpu
#endif
