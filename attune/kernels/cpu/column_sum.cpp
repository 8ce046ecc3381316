#include "attune/kernels/cpu/column_sum.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/column_sum.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

// sums[c] = x[begin, c] + ... + x[end - 1, c] for columns [first, last).
template <class X>
void sum_block(const X* x, int64_t n, int64_t begin, int64_t end, int64_t first, int64_t last, float* sums) {
  for (int64_t r = begin; r < end; ++r)
    for_lanes(first, last, [&](int64_t c, auto part) HWY_ATTR {
      const Float value = load(x + r * n + c, part);
      store(sums + c, part, r == begin ? value : hn::Add(load(sums + c, part), value));
    });
}

void sum_chunk(const ColumnSum& p, int64_t begin, int64_t end, int64_t first, int64_t last, float* sums) {
  with_element(p.x.dtype,
               [&]<class X>(X) HWY_ATTR { sum_block(p.x.as<X>(), p.x.cols(), begin, end, first, last, sums); });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

constexpr int64_t kSumRows = 64;  // the contract's
constexpr int64_t kBlockColumns = 512;

}  // namespace

HWY_EXPORT(sum_chunk);

void column_sum(Workspace& workspace, int threads, const ColumnSum& p) {
  const int64_t rows = p.x.rows(), n = p.x.cols();
  const int64_t chunks = chunks_of(rows, kSumRows), blocks = chunks_of(n, kBlockColumns);
  float* sums = workspace.get<float>(chunks * n);
  float* out = p.out.as<float>();
  // A task is one chunk of rows in one block of columns; small inputs stay on one thread.
  parallel_chunks(rows * n > 2 * kChunkElements ? threads : 1, chunks * blocks, 1, [&](int64_t task, int64_t) {
    const int64_t chunk = task / blocks, first = task % blocks * kBlockColumns;
    HWY_DYNAMIC_DISPATCH(sum_chunk)
    (p, chunk * kSumRows, std::min(rows, (chunk + 1) * kSumRows), first, std::min(n, first + kBlockColumns),
     sums + chunk * n);
  });
  if (!p.accumulate) std::fill(out, out + n, 0.0f);
  for (int64_t chunk = 0; chunk < chunks; ++chunk)
    for (int64_t c = 0; c < n; ++c) out[c] += sums[chunk * n + c];
}

}  // namespace attune::kernels::cpu
#endif
