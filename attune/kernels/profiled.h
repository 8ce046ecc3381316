// A device's kernels, timed: every call goes on to another device's kernel, and while somebody records it is kept with
// what it was, how much work its shapes say it is, and when it began and ended.
//
// Times are of the call, on the host's steady clock. A device that works behind a queue returns before its work is
// done: there they are times of queueing, and the work shows where somebody waits for a result.
// One caller at a time.
#pragma once
#include <array>
#include <chrono>
#include <vector>

#include "attune/kernels/kernels.h"

// The list of kernels: name, arguments, work. A kernel of kernels.h that it lacks fails a test
// (tests/kernels/profiled_test.cpp). Work is one of
//   product(p)                      a matrix product: 2mnk operations; its role is told from what is transposed
//   moved({p.x, p.y})               what it reads and writes, bytes counted once for each mention; undefined ones are 0
//   moved_beside({p.y}, again)      the same and so many bytes more
// clang-format off
#define ATTUNE_PROFILED_KERNELS(KERNEL)                                                                               \
  KERNEL(matmul, Matmul, product(p))                                                                                  \
  KERNEL(column_sum, ColumnSum, moved({p.x, p.out}))                                                                  \
  KERNEL(layer_norm, LayerNorm, moved({p.x, p.residual, p.z, p.y, p.twin, p.mean, p.rstd}))                           \
  KERNEL(layer_norm_backward, LayerNormBackward, moved({p.dy, p.z, p.mean, p.rstd, p.dx, p.d_residual}))              \
  KERNEL(activation, Activation, moved({p.x, p.y}))                                                                   \
  KERNEL(activation_backward, ActivationBackward, moved({p.x, p.dy, p.dx}))                                           \
  KERNEL(attention, Attention, moved({p.qkv, p.out, p.log_sum}))                                                      \
  KERNEL(attention_backward, AttentionBackward, moved({p.forward.qkv, p.forward.out, p.d_out, p.d_qkv}))              \
  KERNEL(dropout, Dropout, moved({p.x, p.y, p.accumulate ? p.y : Tensor()}))                                          \
  KERNEL(embedding_sum, EmbeddingSum, moved_beside({p.y}, table_rows(p, p.y.rows())))                                 \
  KERNEL(embedding_sum_backward, EmbeddingSum, moved_beside({p.y}, 2 * table_rows(p, p.rows)))                        \
  KERNEL(gather_rows, GatherRows, moved({p.y, p.y}))                                                                  \
  KERNEL(gather_rows_backward, GatherRows, moved({p.y, p.y, p.y}))                                                     \
  KERNEL(mean_rows, MeanRows, moved({p.x, p.y}))                                                                      \
  KERNEL(mean_rows_backward, MeanRows, moved({p.x, p.y}))                                                             \
  KERNEL(normalize_rows, NormalizeRows, moved({p.x, p.y}))                                                            \
  KERNEL(normalize_rows_backward, NormalizeRowsBackward, moved({p.dy, p.y, p.dx}))                                    \
  KERNEL(quantize_rows, QuantizeRows, moved_beside({p.x}, static_cast<double>(p.x.count())))                          \
  KERNEL(quantized_matmul, QuantizedMatmul, product(p))                                                               \
  KERNEL(low_rank_down, LowRankDown, moved({p.x, p.a, p.u}))                                                          \
  KERNEL(low_rank_down_backward, LowRankDownBackward, moved({p.x, p.du, p.a, p.da, p.dx, p.dx}))                      \
  KERNEL(low_rank_up, LowRankUp, moved({p.before.defined() ? p.before : p.y, p.y, p.u, p.b}))                         \
  KERNEL(low_rank_up_backward, LowRankUpBackward, moved({p.dy, p.u, p.b, p.db, p.du}))                                \
  KERNEL(scale_columns, ScaleColumns, moved({p.x, p.y}))                                                              \
  KERNEL(scale_columns_backward, ScaleColumnsBackward, moved({p.dy, p.x, p.dx}))                                      \
  KERNEL(insert_prefix, InsertPrefix, moved({p.y, p.y}))                                                              \
  KERNEL(insert_prefix_backward, InsertPrefixBackward, moved({p.dy, p.dy}))                                           \
  KERNEL(put_rows, PutRows, moved_beside({p.table}, 0))                                                               \
  KERNEL(put_rows_backward, PutRows, moved_beside({p.table}, 0))                                                      \
  KERNEL(convert, Convert, moved({p.x, p.y, p.accumulate ? p.y : Tensor()}))                                          \
  KERNEL(fill, Fill, moved({p.y}))                                                                                    \
  KERNEL(sum_squares, SumSquares, moved({p.x}))                                                                       \
  KERNEL(softmax_cross_entropy, SoftmaxCrossEntropy, moved({p.logits}))                                               \
  KERNEL(softmax_cross_entropy_backward, SoftmaxCrossEntropy, moved({p.logits, p.d_logits}))                          \
  KERNEL(sigmoid_cross_entropy, SigmoidCrossEntropy, moved({p.logits, p.targets}))                                    \
  KERNEL(sigmoid_cross_entropy_backward, SigmoidCrossEntropy, moved({p.logits, p.targets, p.d_logits}))               \
  KERNEL(squared_error, SquaredError, moved({p.logits, p.targets}))                                                   \
  KERNEL(squared_error_backward, SquaredError, moved({p.logits, p.targets, p.d_logits}))                              \
  KERNEL(adam_update, AdamUpdate, adam_rows(p.g, 7, p.g.rows(), bf16_copies(p.w, p.low)))                                                \
  KERNEL(adam_replay, AdamReplay, adam_rows(p.w, 6, p.count, 0))                                                      \
  KERNEL(sgd_update, SgdUpdate, moved_beside({p.w, p.w, p.g, p.m, p.m}, static_cast<double>(p.w.count()) * bf16_copies(p.w, p.low)))
// clang-format on

namespace attune::kernels {

// What the shapes of a call say.
struct KernelWork {
  const char* role = "";           // of a product: "forward", "data gradient", "weight gradient"; else empty
  double flops = 0;                // floating-point operations, 0: not known
  double bytes = 0;                // read and written if every operand came from memory once, 0: not known
  const char* axes = "";           // a letter for each of the sizes below: "mnk", "NC"
  std::array<int64_t, 3> sizes{};  // of a product; of others rows and columns of the first operand
};

struct KernelCall {
  using Clock = std::chrono::steady_clock;
  const char* kernel = "";  // as kernels.h calls it
  KernelWork work;
  Clock::time_point begin, end;
};

class ProfiledKernels final : public Kernels {
 public:
  // `kernels` outlives it.
  explicit ProfiledKernels(Kernels& kernels) : kernels_(kernels) {}

  const char* device() const override { return kernels_.device(); }
  int threads() const override { return kernels_.threads(); }
  tensor::Memory& memory() override { return kernels_.memory(); }

  // Calls are kept between begin() and end(); else they just go on. A call that throws is not kept.
  void begin() { recording_ = true, calls_.clear(); }
  // In the order in which they were made; valid until the next begin().
  const std::vector<KernelCall>& end() { return recording_ = false, calls_; }

#define ATTUNE_DECLARE_KERNEL(name, Arguments, work) void name(const Arguments& p) override;
  ATTUNE_PROFILED_KERNELS(ATTUNE_DECLARE_KERNEL)
#undef ATTUNE_DECLARE_KERNEL

 private:
  Kernels& kernels_;
  bool recording_ = false;
  std::vector<KernelCall> calls_;
};

}  // namespace attune::kernels
