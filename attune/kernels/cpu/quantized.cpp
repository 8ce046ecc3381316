#include "attune/kernels/cpu/quantized.h"

#include <algorithm>

#include "attune/kernels/cpu/even_parts.h"
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/parallel.h"

namespace attune::kernels::cpu {
namespace {

using tensor::DType;
constexpr int64_t kBlock = QuantizedWeight::kBlock;
constexpr int64_t kChunkRows = 4 * kInt8Rows;

// Rows that a task has: parts as equal as can be, one a thread at least where there are rows for it.
struct Chunks {
  Chunks(int threads, int64_t m)
      : rows(m), count(std::max(chunks_of(m, kChunkRows), std::min<int64_t>(threads, chunks_of(m, kInt8Rows)))) {}
  int64_t begin(int64_t i) const { return rows * i / count; }

  int64_t rows, count;
};

// Column block `block` of a chunk.
void product_block(const QuantizedMatmul& p, const Int8Path& path, int64_t first, int64_t end, int64_t block,
                   float* wide, int64_t wide_stride) {
  in_even_parts(end - first, kInt8Rows, [&](int64_t row, int64_t rows) {
    path.tile({.product = p,
               .row = first + row,
               .rows = rows,
               .block = block,
               .wide = wide ? wide + row * wide_stride : nullptr,
               .wide_stride = wide_stride});
  });
}

// Whole rows of a chunk beside each other, in f32, and then as bytes: while they are in the core's cache.
void product_to_bytes(Workspace& workspace, int threads, const QuantizedMatmul& p, const Int8Path& path) {
  const Chunks chunks(threads, p.m);
  const int64_t blocks = chunks_of(p.n, kBlock), stride = blocks * kBlock, room = kChunkRows * stride;
  float* const wide = workspace.get<float>(room * threads);
  parallel_grid(threads, chunks.count, 1, [&](int64_t chunk, int64_t) {
    const int64_t first = chunks.begin(chunk), end = chunks.begin(chunk + 1);
    float* const own = wide + room * this_thread();
    for (int64_t block = 0; block < blocks; ++block) product_block(p, path, first, end, block, own, stride);
    quantize_wide_rows(own, stride, end - first, p.n, p.rows, first);
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
  const Chunks chunks(threads, p.m);
  parallel_grid(threads, chunks.count, chunks_of(p.n, kBlock), [&](int64_t chunk, int64_t block) {
    product_block(p, path, chunks.begin(chunk), chunks.begin(chunk + 1), block, nullptr, 0);
  });
}

}  // namespace attune::kernels::cpu
