#include "attune/kernels/cpu/quantized.h"

#include <algorithm>

#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/parallel.h"

namespace attune::kernels::cpu {
namespace {

using tensor::DType;
constexpr int64_t kBlock = QuantizedWeight::kBlock;

// Rows that a task has: parts as equal as can be, one a thread at least where there are rows for it.
struct Chunks {
  Chunks(int threads, int64_t m, const Int8Path& path)
      : rows(m),
        count(std::max(chunks_of(m, path.chunk_rows), std::min<int64_t>(threads, chunks_of(m, path.least_rows)))) {}
  int64_t begin(int64_t i) const { return rows * i / count; }
  int64_t size(int64_t i) const { return begin(i + 1) - begin(i); }

  int64_t rows, count;
};

// Whole rows of a chunk beside each other, in f32, and then as bytes: while they are in the core's cache.
void product_to_bytes(Workspace& workspace, int threads, const QuantizedMatmul& p, const Int8Path& path) {
  const Chunks chunks(threads, p.m, path);
  const int64_t blocks = chunks_of(p.n, kBlock), stride = blocks * kBlock, room = path.chunk_rows * stride;
  float* const wide = workspace.get<float>(room * threads);
  parallel_grid(threads, chunks.count, 1, [&](int64_t chunk, int64_t) {
    const int64_t first = chunks.begin(chunk), rows = chunks.size(chunk);
    float* const own = wide + room * this_thread();
    for (int64_t block = 0; block < blocks; ++block) path.make({p, first, rows, block, own, stride});
    quantize_wide_rows(own, stride, rows, p.n, p.rows, first);
  });
}

void check(const QuantizedMatmul& p) {
  using Q = QuantizedRows;
  ATTUNE_CHECK(p.k <= QuantizedMatmul::kMostDepth && p.a.stride == Q::stride_of(p.k), "an int8 product over {} ({})",
               p.k, p.a.stride);
  ATTUNE_CHECK(!p.bias.defined() || (p.bias.dtype == DType::f32 && p.bias.count() == p.n),
               "the bias must be f32 with {} elements; it is {} {}", p.n, name(p.bias.dtype), p.bias.shape.text());
  ATTUNE_CHECK(p.c.defined() != p.rows.defined(), "an int8 product goes to a tensor or to bytes");
  if (p.rows.defined()) return;
  const bool known = p.c.dtype == DType::f32 || ((p.c.dtype == DType::bf16 || p.c.dtype == DType::i32) && !p.gelu);
  ATTUNE_CHECK(known && p.c.rows() == p.m && p.c.cols() == p.n, "an int8 product of {} x {} into {} {}", p.m, p.n,
               name(p.c.dtype), p.c.shape.text());
}

}  // namespace

void quantize_rows(int threads, const QuantizeRows& p) {
  ATTUNE_CHECK(p.x.dtype == DType::f32 || p.x.dtype == DType::bf16, "rows of {} as bytes", name(p.x.dtype));
  ATTUNE_CHECK(p.rows.stride == QuantizedRows::stride_of(p.x.cols()), "rows of {} in a stride of {}", p.x.cols(),
               p.rows.stride);
  parallel_chunks(threads, p.x.rows(), chunk_rows(p.x.cols()),
                  [&](int64_t begin, int64_t end) { quantize_row_range(p, begin, end); });
}

void quantized_matmul(Workspace& workspace, int threads, const QuantizedMatmul& p, const Int8Path& path) {
  check(p);
  if (p.m == 0 || p.n == 0) return;
  if (p.rows.defined()) return product_to_bytes(workspace, threads, p, path);
  const Chunks chunks(threads, p.m, path);
  parallel_grid(threads, chunks.count, chunks_of(p.n, kBlock), [&](int64_t chunk, int64_t block) {
    path.make({p, chunks.begin(chunk), chunks.size(chunk), block});
  });
}

}  // namespace attune::kernels::cpu
