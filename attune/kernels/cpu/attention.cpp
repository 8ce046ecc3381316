#include "attune/kernels/cpu/attention.h"

#include <cstring>
#include <vector>

#include "attune/kernels/cpu/attention_items.h"
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/matmul_dot.h"
#include "attune/tensor/memory.h"

namespace attune::kernels::cpu {
namespace {

using tensor::Buffer;
using tensor::DType;

// The sizes of a call, checked.
struct Sizes {
  int64_t rows, heads, head_size, longest;
  int64_t used, answers;  // rows of the sequences, and of their queries
};

const int32_t* answer_offsets(const Attention& a) {
  return a.query_rows ? a.query_offsets : a.offsets;
}

Sizes check(int threads, const Attention& a) {
  const int64_t width = a.out.cols(), heads = a.heads;
  ATTUNE_CHECK(threads >= 1, "{} threads", threads);
  ATTUNE_CHECK(a.qkv.dtype == a.out.dtype && (a.qkv.dtype == DType::f32 || a.qkv.dtype == DType::bf16),
               "the CPU's attention is f32 or bf16 throughout; qkv is {} and out is {}", name(a.qkv.dtype),
               name(a.out.dtype));
  ATTUNE_CHECK(
      heads >= 1 && width % heads == 0 && a.qkv.cols() == 3 * width &&
          (a.query_rows != nullptr || a.qkv.rows() == a.out.rows()),
      "attention of {} heads takes qkv [N, 3C] and out [N, C] with C a multiple of the heads; they are {} and {}",
      heads, a.qkv.shape.text(), a.out.shape.text());
  ATTUNE_CHECK(!a.log_sum.defined() ||
                   (a.log_sum.dtype == DType::f32 && a.log_sum.rows() == a.out.rows() && a.log_sum.cols() == heads),
               "log_sum must be f32 [{}, {}]; it is {} {}", a.out.rows(), heads, name(a.log_sum.dtype),
               a.log_sum.shape.text());
  ATTUNE_CHECK(!a.dropout.active() || a.dropout.row_keys != nullptr, "dropout needs row keys");
  Sizes sizes{a.qkv.rows(), heads, width / heads, 0, 0, 0};
  for (int64_t b = 0; b < a.sequences; ++b) {
    const int64_t length = a.offsets[b + 1] - a.offsets[b];
    ATTUNE_CHECK(length >= 0 && a.offsets[b] >= 0, "sequence {} runs from row {} to row {}", b, a.offsets[b],
                 a.offsets[b + 1]);
    sizes.longest = std::max(sizes.longest, length);
  }
  if (a.sequences > 0) sizes.used = a.offsets[a.sequences], sizes.answers = answer_offsets(a)[a.sequences];
  ATTUNE_CHECK(sizes.used <= sizes.rows, "the sequences end at row {} of {}", sizes.used, sizes.rows);
  ATTUNE_CHECK(sizes.answers <= a.out.rows(), "{} queries for {} rows of out", sizes.answers, a.out.rows());
  return sizes;
}

// One block for each thread of the team, kept by the calling thread from call to call.
std::vector<Buffer>& scratch_for(int threads, int64_t floats) {
  thread_local std::vector<Buffer> blocks;
  if (blocks.size() < static_cast<size_t>(threads)) blocks.resize(static_cast<size_t>(threads));
  const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
  for (int t = 0; t < threads; ++t)
    if (blocks[static_cast<size_t>(t)].bytes() < bytes) blocks[static_cast<size_t>(t)] = Buffer(bytes);
  return blocks;
}

// body(sequence, head, scratch) for every pair.
template <class Body>
void for_each_item(int threads, const Attention& a, int64_t floats, Body body) {
  std::vector<Buffer>& scratch = scratch_for(threads, floats);
  parallel_grid(threads, a.sequences, a.heads, [&](int64_t b, int64_t head) {
    if (a.offsets[b] < a.offsets[b + 1])
      body(b, head, static_cast<float*>(scratch[static_cast<size_t>(this_thread())].data()));
  });
}

// Columns [col, ...) of the rows of x from `row` on.
HeadRows part(const Tensor& x, int64_t row, int64_t col) {
  const int64_t stride = x.cols(), size = static_cast<int64_t>(size_of(x.dtype));
  return {static_cast<char*>(x.data) + (row * stride + col) * size, stride};
}

HeadItem item_of(const Attention& a, const Sizes& sizes, int64_t b, int64_t head) {
  const int64_t row = a.offsets[b], col = head * sizes.head_size, width = sizes.heads * sizes.head_size;
  HeadItem item;
  item.length = a.offsets[b + 1] - row;
  item.head_size = sizes.head_size;
  item.dtype = a.qkv.dtype;
  item.dots = item.dtype == DType::bf16 && sizes.head_size % 8 == 0 && dots_bf16();
  item.q = part(a.qkv, row, col);
  item.k = part(a.qkv, row, width + col);
  item.v = part(a.qkv, row, 2 * width + col);
  const int64_t first_answer = answer_offsets(a)[b];
  item.queries = answer_offsets(a)[b + 1] - first_answer;
  if (a.query_rows) item.query = a.query_rows + first_answer;
  item.first_row = static_cast<int32_t>(row);
  item.out = part(a.out, first_answer, col);
  if (a.log_sum.defined()) item.log_sum = a.log_sum.as<float>() + first_answer * sizes.heads + head;
  item.log_stride = sizes.heads;
  item.scale = static_cast<float>(a.scale);
  item.dropout = a.dropout;
  if (a.dropout.active()) item.dropout.row_keys += row;
  item.head = static_cast<uint64_t>(head);
  return item;
}

void zero_rows_from(const Tensor& x, int64_t row) {
  const size_t row_bytes = static_cast<size_t>(x.cols()) * size_of(x.dtype);
  const auto begin = static_cast<size_t>(row), end = static_cast<size_t>(x.rows());
  if (begin < end) std::memset(static_cast<char*>(x.data) + begin * row_bytes, 0, (end - begin) * row_bytes);
}

}  // namespace

void attention(int threads, const Attention& args) {
  const Sizes sizes = check(threads, args);
  for_each_item(threads, args, scratch_floats(sizes.longest, sizes.head_size),
                [&](int64_t b, int64_t head, float* scratch) { run_item(item_of(args, sizes, b, head), scratch); });
  zero_rows_from(args.out, sizes.answers);
}

void attention_backward(int threads, const AttentionBackward& args) {
  const Attention& forward = args.forward;
  const Sizes sizes = check(threads, forward);
  ATTUNE_CHECK(forward.log_sum.defined(), "attention's backward needs the log_sum that forward kept");
  ATTUNE_CHECK(args.d_out.dtype == forward.out.dtype && args.d_out.rows() == forward.out.rows() &&
                   args.d_out.cols() == forward.out.cols() && args.d_qkv.dtype == forward.qkv.dtype &&
                   args.d_qkv.rows() == sizes.rows && args.d_qkv.cols() == forward.qkv.cols(),
               "d_out and d_qkv must be like out {} and qkv {}; they are {} {} and {} {}", forward.out.shape.text(),
               forward.qkv.shape.text(), name(args.d_out.dtype), args.d_out.shape.text(), name(args.d_qkv.dtype),
               args.d_qkv.shape.text());
  const int64_t width = forward.out.cols();
  for_each_item(threads, forward, scratch_floats_backward(sizes.longest, sizes.head_size),
                [&](int64_t b, int64_t head, float* scratch) {
                  const int64_t row = forward.offsets[b], col = head * sizes.head_size;
                  const HeadItemBackward item{item_of(forward, sizes, b, head),
                                              part(args.d_out, answer_offsets(forward)[b], col),
                                              part(args.d_qkv, row, col), part(args.d_qkv, row, width + col),
                                              part(args.d_qkv, row, 2 * width + col)};
                  run_item_backward(item, scratch);
                });
  zero_rows_from(args.d_qkv, sizes.used);
}

}  // namespace attune::kernels::cpu
