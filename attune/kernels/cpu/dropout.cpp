#include "attune/kernels/cpu/dropout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/dropout.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"
#include "attune/kernels/cpu/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

template <class Drop, class X, class Y>
void drop_row(const Dropout& p, const X* x, Y* y, int64_t r) {
  const Drop drop(p.keys, r);
  for_lanes(0, p.x.cols(), [&](int64_t c, auto part) HWY_ATTR {
    const Float dropped = drop.apply(load(x + c, part), c);
    store(y + c, part, p.accumulate ? hn::Add(load(y + c, part), dropped) : dropped);
  });
}

void drop_rows(const Dropout& p, int64_t begin, int64_t end) {
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
      for (int64_t r = begin; r < end; ++r) {
        const X* x = p.x.as<X>() + r * p.x.cols();
        Y* y = p.y.as<Y>() + r * p.x.cols();
        p.keys.active() ? drop_row<RowDropout>(p, x, y, r) : drop_row<NoDropout>(p, x, y, r);
      }
    });
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(drop_rows);

void dropout(int threads, const Dropout& p) {
  parallel_chunks(threads, p.x.rows(), chunk_rows(p.x.cols()), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(drop_rows)(p, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
