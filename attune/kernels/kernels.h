// The kernels of a device. Each is declared once, with its contract in its own header; a device defines those it has.
// What a device lacks throws and names the kernel: nothing is silently run elsewhere.
//
//   cpu::make_kernels(threads)      f32 and bf16; Highway, OpenMP and oneDNN
//   reference::make_kernels()       f64 (and f32): plain loops that say what each kernel means; for gradient checks
#pragma once
#include <memory>

#include "attune/kernels/activation.h"
#include "attune/kernels/attention.h"
#include "attune/kernels/dropout.h"
#include "attune/kernels/elementwise.h"
#include "attune/kernels/embedding.h"
#include "attune/kernels/layer_norm.h"
#include "attune/kernels/loss.h"
#include "attune/kernels/low_rank.h"
#include "attune/kernels/matmul.h"
#include "attune/kernels/normalize.h"
#include "attune/kernels/prefix.h"
#include "attune/kernels/quantized.h"
#include "attune/kernels/update.h"
#include "attune/tensor/memory.h"

namespace attune::kernels {

class Kernels {
 public:
  virtual ~Kernels() = default;
  virtual const char* device() const = 0;
  virtual int threads() const = 0;
  // Where its operands lie: every tensor, and every array that an argument points to.
  virtual tensor::Memory& memory() { return tensor::host_memory(); }

  virtual void matmul(const Matmul&) { lacks("matmul"); }
  virtual void column_sum(const ColumnSum&) { lacks("column_sum"); }
  virtual void layer_norm(const LayerNorm&) { lacks("layer_norm"); }
  virtual void layer_norm_backward(const LayerNormBackward&) { lacks("layer_norm_backward"); }
  virtual void activation(const Activation&) { lacks("activation"); }
  virtual void activation_backward(const ActivationBackward&) { lacks("activation_backward"); }
  virtual void attention(const Attention&) { lacks("attention"); }
  virtual void attention_backward(const AttentionBackward&) { lacks("attention_backward"); }
  virtual void dropout(const Dropout&) { lacks("dropout"); }
  virtual void embedding_sum(const EmbeddingSum&) { lacks("embedding_sum"); }
  virtual void embedding_sum_backward(const EmbeddingSum&) { lacks("embedding_sum_backward"); }
  virtual void gather_rows(const GatherRows&) { lacks("gather_rows"); }
  virtual void gather_rows_backward(const GatherRows&) { lacks("gather_rows_backward"); }
  virtual void mean_rows(const MeanRows&) { lacks("mean_rows"); }
  virtual void mean_rows_backward(const MeanRows&) { lacks("mean_rows_backward"); }
  virtual void normalize_rows(const NormalizeRows&) { lacks("normalize_rows"); }
  virtual void normalize_rows_backward(const NormalizeRowsBackward&) { lacks("normalize_rows_backward"); }
  virtual void low_rank_down(const LowRankDown&) { lacks("low_rank_down"); }
  virtual void low_rank_down_backward(const LowRankDownBackward&) { lacks("low_rank_down_backward"); }
  virtual void low_rank_up(const LowRankUp&) { lacks("low_rank_up"); }
  virtual void low_rank_up_backward(const LowRankUpBackward&) { lacks("low_rank_up_backward"); }
  virtual void scale_columns(const ScaleColumns&) { lacks("scale_columns"); }
  virtual void scale_columns_backward(const ScaleColumnsBackward&) { lacks("scale_columns_backward"); }
  virtual void insert_prefix(const InsertPrefix&) { lacks("insert_prefix"); }
  virtual void insert_prefix_backward(const InsertPrefixBackward&) { lacks("insert_prefix_backward"); }
  virtual void put_rows(const PutRows&) { lacks("put_rows"); }
  virtual void put_rows_backward(const PutRows&) { lacks("put_rows_backward"); }
  virtual void convert(const Convert&) { lacks("convert"); }
  virtual void fill(const Fill&) { lacks("fill"); }
  virtual void sum_squares(const SumSquares&) { lacks("sum_squares"); }
  virtual void softmax_cross_entropy(const SoftmaxCrossEntropy&) { lacks("softmax_cross_entropy"); }
  virtual void softmax_cross_entropy_backward(const SoftmaxCrossEntropy&) { lacks("softmax_cross_entropy_backward"); }
  virtual void sigmoid_cross_entropy(const SigmoidCrossEntropy&) { lacks("sigmoid_cross_entropy"); }
  virtual void sigmoid_cross_entropy_backward(const SigmoidCrossEntropy&) { lacks("sigmoid_cross_entropy_backward"); }
  virtual void squared_error(const SquaredError&) { lacks("squared_error"); }
  virtual void squared_error_backward(const SquaredError&) { lacks("squared_error_backward"); }
  virtual void adam_update(const AdamUpdate&) { lacks("adam_update"); }
  virtual void adam_replay(const AdamReplay&) { lacks("adam_replay"); }
  virtual void quantize_rows(const QuantizeRows&) { lacks("quantize_rows"); }
  virtual void quantized_matmul(const QuantizedMatmul&) { lacks("quantized_matmul"); }
  virtual void sgd_update(const SgdUpdate&) { lacks("sgd_update"); }

 protected:
  [[noreturn]] void lacks(const char* kernel) const {
    fail(ErrorKind::internal, "the device '{}' has no kernel '{}'", device(), kernel);
  }
};

namespace cpu {
// `threads`: at least 1; OpenMP teams and oneDNN use exactly so many.
std::unique_ptr<Kernels> make_kernels(int threads);
// Whether products in bf16 run on instructions made for them (AVX-512 BF16 or AMX).
bool has_fast_bf16();
// Whether they are faster there than products in f32. Not on Intel's processors without their tiles in use: their dot
// products of bf16 reach half of what f32 does (measured on Emerald Rapids, docs/performance.md), AMD's twice as much.
bool prefers_bf16();
// What products of bytes run on: the best of "amx_int8", "avx512_vnni" and "portable" that the processor has and
// ATTUNE_MAX_ISA allows.
const char* int8_instructions();
}  // namespace cpu

namespace reference {
std::unique_ptr<Kernels> make_kernels();
}  // namespace reference

}  // namespace attune::kernels
